package report

import (
	"fmt"
	"slices"
	"strings"

	"taskrecon/internal/diff"
	"taskrecon/internal/text"
)

// Verdict puts into words how the run came out. good is false when somebody has to look at it.
func (r *Run) Verdict() (words string, good bool) {
	end := r.Ledger.End
	right := r.Outcomes[diff.Applied] + r.Outcomes[diff.Unchanged]
	wrong := r.Rows - right
	tally := fmt.Sprintf("%s applied, %s unchanged", text.Grouped(r.Outcomes[diff.Applied]), text.Grouped(r.Outcomes[diff.Unchanged]))
	switch {
	case r.saved:
		what := "A saved plan: nothing was sent yet. It would"
		if end != nil {
			what = "Not confirmed, so nothing was sent. The plan would"
		}
		words = fmt.Sprintf("%s change %s of %s; %s already as wanted", what,
			text.Grouped(r.Outcomes[WouldChange]), text.Count(r.Rows, "row"), text.Grouped(r.Outcomes[diff.Unchanged]))
		if r.Failures > 0 {
			words += fmt.Sprintf("; %s cannot be sent", text.Grouped(r.Failures))
		}
		return words + ".", r.Failures == 0
	case end == nil:
		return fmt.Sprintf("Cut short: the run has no recorded end. %s of %s known to be as wanted (%s).",
			text.Grouped(right), text.Count(r.Rows, "row"), tally), false
	case r.Rows == 0:
		words, good = "The input held no rows; nothing was sent.", true
	case wrong == 0:
		words, good = fmt.Sprintf("Everything is as wanted: %s (%s).", text.Count(r.Rows, "row"), tally), true
	default:
		words = fmt.Sprintf("%s of %s not as wanted (%s).", text.Grouped(wrong), text.Count(r.Rows, "row"), tally)
	}
	if end.ExitCode != 0 && end.Reason != "" {
		words += " The run ended with: " + end.Reason + "."
	}
	return strings.ReplaceAll(words, "..", "."), good && end.ExitCode == 0
}

// Advice says for each outcome that is not good what its rows ask of the reader of a workbook.
var Advice = map[diff.Outcome]string{
	diff.Differs:   "the tenant accepted the change and now holds another value; Changes shows both",
	diff.Failed:    "the service refused; the reason, error code and request ID are on Failures",
	diff.Conflict:  "somebody else changed the task since the base; nothing was sent, decide whose value holds",
	diff.NotFound:  "the tenant has no such task; correct the ID or take the row out",
	diff.WrongType: "the task is of a kind that lacks what the row sets, or that this program does not know; correct the row",
	diff.Invalid:   "the row could not be understood; correct its cells",
	diff.Blocked:   "a safety limit stopped the run before anything was sent",
	diff.NotSent:   "the run ended before these had their turn",
	diff.Unknown:   "sent, with no answer that settles it; look at the tasks before anything is sent again",
}

// Trouble says what the reader should look at, the gravest first; advise words what an outcome asks of the reader.
func (r *Run) Trouble(advise func(diff.Outcome) string, say func(format string, args ...any)) {
	if r.Ledger.End == nil && !r.saved {
		say("The run was cut short. \"taskrecon apply\" with its ledger settles what was sent and goes on.")
	}
	if r.Ledger.Torn {
		say("The last line of the ledger was not whole and is left out: the program was stopped while it wrote it.")
	}
	grave := []diff.Outcome{diff.Unknown, diff.Differs}
	rest := slices.DeleteFunc(diff.Outcomes(), func(o diff.Outcome) bool { return slices.Contains(grave, o) })
	for _, o := range append(grave, rest...) {
		rows := r.Outcomes[o]
		if rows > 0 && !o.Good() {
			say("%s %s: %s.", text.Count(rows, "row"), o, advise(o))
		}
	}
	if r.Temporary > 0 {
		say("For %s of these the reason may pass: the same run again may settle them.", text.Grouped(r.Temporary))
	}
}

// Notices are those of the input, at most so many, and where the others are.
func (r *Run) Notices(most int, others string) []string {
	all := r.Ledger.Header.Input.Notices
	var list []string
	for i, notice := range all {
		if i == most {
			return append(list, fmt.Sprintf("%s more about the input; all are %s.", text.Count(len(all)-i, "notice"), others))
		}
		list = append(list, "About the input: "+notice)
	}
	return list
}
