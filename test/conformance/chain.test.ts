import { chainSuite } from './chain.suite.ts'
import { anvilRig, memoryRig } from './chain-rigs.ts'

chainSuite('memory', memoryRig)
chainSuite('viem and anvil', anvilRig)
