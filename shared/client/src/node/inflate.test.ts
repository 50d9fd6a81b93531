import { describeInflate } from '../query/describe-inflate.ts'
import { inflateInNode } from './inflate.ts'

describeInflate('node:zlib', inflateInNode)
