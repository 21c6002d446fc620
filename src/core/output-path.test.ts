import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFilePath } from './output-path.ts'

test('an output whose name has an extension is a file', () => {
  for (const path of ['/film.mp4', '/work/a.tar.gz']) assert.equal(isFilePath(path), true, path)
})

test('any other output is a folder', () => {
  for (const path of ['/out', '/v1.2/out', '/out/', '/a/.cache']) {
    assert.equal(isFilePath(path), false, path)
  }
})
