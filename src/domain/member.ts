/**
 * Membership (REQUIREMENTS B2): one member per person, whatever they ordered where. Merging lets one member stand for
 * another; erasing takes away all that says who it was.
 */

export const MEMBER_STATES = ['active', 'merged', 'erasing', 'erased'] as const
export type MemberState = (typeof MEMBER_STATES)[number]

/** Why a person is erased: of a list, because the reason outlives the person and must name nobody. */
export const ERASURE_REASONS = [
  'person_asked',
  'storefront_asked',
  'authority_ordered',
  'no_longer_needed',
] as const
export type ErasureReason = (typeof ERASURE_REASONS)[number]

/** Where a member stands. */
export function memberState(member: {
  merged_into: string | null
  erasing_since: Date | null
  erased_at: Date | null
}): MemberState {
  if (member.erased_at) return 'erased'
  if (member.erasing_since) return 'erasing'
  return member.merged_into ? 'merged' : 'active'
}

/** Whose story the events of a member are. */
export function memberStory(id: string): string {
  return `member/${id}`
}
