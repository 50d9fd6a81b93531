import puppeteer from 'puppeteer-core'
import {writeFileSync} from 'node:fs'
const [url, out, rate='4', wait='6000']=process.argv.slice(2)
const b=await puppeteer.launch({executablePath:'/usr/bin/chromium',args:['--no-sandbox','--disable-gpu','--disable-quic','--no-first-run']})
const p=await b.newPage(); await p.setViewport({width:412,height:823,isMobile:true,deviceScaleFactor:1.75})
await p.emulateCPUThrottling(Number(rate))
await p.tracing.start({categories:['devtools.timeline','v8.execute','disabled-by-default-v8.compile','disabled-by-default-v8.cpu_profiler','toplevel','loading','blink.user_timing']})
await p.goto(url,{waitUntil:'load'}); await new Promise(r=>setTimeout(r,Number(wait)))
const buf=await p.tracing.stop(); writeFileSync(out,buf); await b.close()
const ev=JSON.parse(new TextDecoder().decode(buf)).traceEvents
const nav=ev.find(e=>e.name==='navigationStart'&&e.args.data?.documentLoaderURL===url)??ev.find(e=>e.name==='navigationStart'&&e.args.data?.isOutermostMainFrame)
const main=ev.find(e=>e.name==='FirstContentfulPaint'||e.name==='firstContentfulPaint')
const fcp=ev.filter(e=>e.name==='firstContentfulPaint').at(-1)
const pid=fcp.pid,tid=fcp.tid,t0=nav.ts
console.log('FCP',((fcp.ts-t0)/1000).toFixed(0)); for(const l of ev.filter(e=>e.name==='largestContentfulPaint::Candidate'))console.log('LCP',((l.ts-t0)/1000).toFixed(0))
const tasks=ev.filter(e=>e.pid===pid&&e.tid===tid&&e.ph==='X'&&(e.name==='RunTask'||e.name==='ThreadControllerImpl::RunTask')&&e.dur>50000)
let tbt=0
for(const t of tasks){ if(t.ts>fcp.ts) tbt+=t.dur/1000-50; console.log('TASK @',((t.ts-t0)/1000).toFixed(0),'dur',(t.dur/1000).toFixed(0))
 for(const e of ev.filter(e=>e.pid===pid&&e.tid===tid&&e.ph==='X'&&e.ts>=t.ts&&e.ts+e.dur<=t.ts+t.dur+1&&e.dur>8000&&e!==t&&!/RunTask/.test(e.name))) console.log('     ',(e.dur/1000).toFixed(0),e.name,e.args?.data?.url??e.args?.fileName??e.args?.beginData?.url??'',e.args?.data?.functionName??'') }
console.log('TBT',tbt.toFixed(0))
