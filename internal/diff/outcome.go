package diff

// Outcome is how an input row ended. Every row ends in exactly one.
type Outcome string

// The outcomes, with the meanings that the reports print.
const (
	Applied   Outcome = "applied"   // sent, and the tenant is known to hold what was wanted
	Differs   Outcome = "differs"   // accepted, but never seen to hold what was asked for
	Unchanged Outcome = "unchanged" // already as wanted; nothing sent
	Failed    Outcome = "failed"    // refused for good, or sent as often as allowed without taking effect
	Conflict  Outcome = "conflict"  // holds a value that is neither the base's nor the wanted one
	NotFound  Outcome = "notFound"  // no task with this id in the tenant
	WrongType Outcome = "wrongType" // a task of a kind that this program does not know
	Invalid   Outcome = "invalid"   // the row could not be understood
	Blocked   Outcome = "blocked"   // a safety limit stopped the run before it was sent
	NotSent   Outcome = "notSent"   // the run ended first, or the task could not be read
	Unknown   Outcome = "unknown"   // sent, and no look could settle it
)

// Pending marks a change that is still to be sent. It is no outcome: no finished row has it.
const Pending Outcome = ""

// Outcomes returns all outcomes in the order in which reports list them.
func Outcomes() []Outcome {
	return []Outcome{Applied, Differs, Unchanged, Failed, Conflict, NotFound, WrongType, Invalid, Blocked, NotSent, Unknown}
}

var meanings = map[Outcome]string{
	Applied:   "Sent, and the tenant is known to hold what was wanted",
	Differs:   "Accepted, but the tenant was never seen to hold what was asked for",
	Unchanged: "Already as wanted; nothing was sent",
	Failed:    "The service refused for good, or the change was sent as often as allowed without taking effect",
	Conflict:  "A property that this row sets holds a value that is neither the base's nor the wanted one; not sent, unless the reason says so",
	NotFound:  "No task with this id in the tenant",
	WrongType: "The task is of a kind that is not known, or lacks a property that the row sets",
	Invalid:   "The row could not be understood",
	Blocked:   "A safety limit stopped the run before this was sent",
	NotSent:   "The run ended before its turn, or the task could not be read",
	Unknown:   "Sent, and no look at the task could settle it",
}

// Meaning explains the outcome in a sentence for people.
func (o Outcome) Meaning() string { return meanings[o] }

// Good reports whether the row is as wanted: nothing is left to do for it.
func (o Outcome) Good() bool { return o == Applied || o == Unchanged }
