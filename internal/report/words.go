package report

import (
	"fmt"
	"slices"
	"strings"

	"taskrecon/internal/diff"
	"taskrecon/internal/exit"
	"taskrecon/internal/text"
)

// Verdict says in one sentence how the run came out. good is false when somebody has to look at it.
func (r *Run) Verdict() (words string, good bool) {
	end, rows := r.Ledger.End, text.Count(r.Rows, "row")
	right := r.Outcomes[diff.Applied] + r.Outcomes[diff.Unchanged]
	switch {
	case r.saved:
		words = "Nothing was sent yet: this plan would change "
		if end != nil {
			words = "Nothing was sent, since the plan was not confirmed: it would change "
		}
		words += text.Grouped(r.Outcomes[WouldChange]) + " of " + rows
		good = r.Failures == 0
	case end == nil:
		words = fmt.Sprintf("The run was cut short, with %s of %s known to be as wanted", text.Grouped(right), rows)
	case r.Rows == 0:
		words, good = "The input held no rows, so nothing was sent", true
	case right == r.Rows:
		words, good = "All "+rows+" are as wanted", true
	default:
		words = text.Grouped(r.Rows-right) + " of " + rows + " are not as wanted"
	}
	if r.Rows == 1 {
		words = strings.NewReplacer("All 1 row are", "The row is", "1 of 1 row are", "The row is").Replace(words)
	}
	if list := r.tally(); list != "" {
		words += ": " + list
	}
	if !r.saved && end != nil && end.ExitCode != 0 && end.ExitCode != exit.Partial && end.Reason != "" {
		words += "; the run ended with: " + strings.TrimSuffix(end.Reason, ".")
	}
	return words + ".", good && (r.saved || end.ExitCode == 0)
}

// tally counts the rows by outcome, those that ask for attention first.
func (r *Run) tally() string {
	var bad, good []string
	for _, o := range r.Shown() {
		if n := r.Outcomes[o]; n > 0 && o.Good() {
			good = append(good, text.Grouped(n)+" "+string(o))
		} else if n > 0 && o != WouldChange {
			bad = append(bad, text.Grouped(n)+" "+string(o))
		}
	}
	return strings.Join(append(bad, good...), ", ")
}

// Advice says for each outcome that is not good what its rows ask of the reader of a workbook.
var Advice = map[diff.Outcome]string{
	diff.Differs:   "the tenant accepted the change and held another value when it was read last; Changes shows both",
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
