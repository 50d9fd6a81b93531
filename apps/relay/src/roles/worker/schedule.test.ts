import { describe, expect, it } from 'vitest'
import { createSchedule, dueTime } from './schedule.ts'

const minute = (text: string) => Date.parse(`${text}:00Z`)

describe('schedule', () => {
  it('knows the last and next time around a minute', () => {
    const schedule = createSchedule({ cron: '*/5 * * * *', timeZone: 'UTC' })
    expect(schedule.last(minute('2026-01-01T00:05'))).toBe(minute('2026-01-01T00:05'))
    expect(schedule.last(minute('2026-01-01T00:05') - 1)).toBe(minute('2026-01-01T00:00'))
    expect(schedule.last(minute('2026-01-01T00:05') + 999)).toBe(minute('2026-01-01T00:05'))
    expect(schedule.next(minute('2026-01-01T00:05'))).toBe(minute('2026-01-01T00:10'))
  })

  it('follows the time zone over a change of clocks', () => {
    const schedule = createSchedule({ cron: '0 9 * * *', timeZone: 'America/New_York' })
    expect(schedule.next(minute('2026-03-07T20:00'))).toBe(minute('2026-03-08T13:00'))
    expect(schedule.last(minute('2026-03-08T12:00'))).toBe(minute('2026-03-07T14:00'))
  })

  it('is due once for however many missed times, and at once for a dataset that never ran', () => {
    const schedule = createSchedule({ cron: '* * * * *', timeZone: 'UTC' })
    const nowMs = minute('2026-01-01T12:00') + 10_000
    expect(dueTime({ schedule, lastMs: undefined, nowMs })).toBe(minute('2026-01-01T12:00'))
    expect(dueTime({ schedule, lastMs: minute('2025-01-01T12:00'), nowMs })).toBe(minute('2026-01-01T12:00'))
    expect(dueTime({ schedule, lastMs: minute('2026-01-01T12:00'), nowMs })).toBeUndefined()
  })

  it.each([
    { cron: 'x', timeZone: 'UTC' },
    { cron: '* * * * *', timeZone: 'Mars/Olympus' },
  ])('refuses %o', (wrong) => {
    expect(() => createSchedule(wrong)).toThrow(expect.objectContaining({ code: 'setting-invalid' }) as Error)
  })
})
