import { mount } from 'svelte'
import type { UphillBridge } from '../shared/bridge.ts'
import App from './App.svelte'
import './styles/tokens.css'
import './styles/base.css'

declare global {
  interface Window {
    readonly uphill: UphillBridge
  }
}

const target = document.getElementById('app')
if (!target) throw new Error('the page has no #app')
mount(App, { target })
