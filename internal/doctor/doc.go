// Package doctor checks the set-up of a run: network, clock, token, audience, tenant, permissions, one page of tasks, quota.
//
// [RunChecks] goes through the checks in the order in which they need each other and reports each as it ends: what was found and,
// where it is not well, what to do about it. A check that cannot be made because of an earlier one is skipped, not failed.
//
//	checks := doctor.RunChecks(ctx, doctor.Config{Client: client, Cloud: "global", Graph: root}, print)
//
// It reads one page of tasks, sends a request without a token to each server, and changes nothing. No check shows the token.
package doctor
