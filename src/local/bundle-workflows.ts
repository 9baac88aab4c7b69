import { writeFileSync } from 'node:fs'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'
import { built } from './places.ts'

/** Packs the workflow code into the one file that workers load; part of the build. */
const { code } = await bundleWorkflowCode({
  workflowsPath: built('workflows/index.js'),
  // Its progress is noise; what goes wrong is thrown.
  logger: new DefaultLogger('ERROR'),
})
writeFileSync(built('workflow-bundle.js'), code)
console.log(`dist/workflow-bundle.js: ${Math.round(code.length / 1024)} kB of workflow code`)
