import { mount } from 'svelte'
import type { UphillBridge } from '../shared/bridge.ts'
import App from './App.svelte'
import { preferences } from './state/preferences.svelte.ts'
import './styles/tokens.css'
import './styles/base.css'

declare global {
  interface Window {
    readonly uphill: UphillBridge
  }
}

const target = document.getElementById('app')
if (!target) throw new Error('the page has no #app')
preferences.apply()
mount(App, { target })
