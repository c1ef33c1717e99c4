package report

import (
	"fmt"
	"slices"
	"strings"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
)

// judge puts into words how the run came out. good is false when somebody has to look at it.
func judge(r *ledger.Reader, n figures) (words string, good bool) {
	right := n.outcomes[diff.Applied] + n.outcomes[diff.Unchanged]
	wrong := n.rows - right
	tally := fmt.Sprintf("%s applied, %s unchanged", grouped(n.outcomes[diff.Applied]), grouped(n.outcomes[diff.Unchanged]))
	switch {
	case r.Planned():
		words = fmt.Sprintf("A saved plan: nothing was sent yet. It would change %s of %s; %s already as wanted",
			grouped(n.outcomes[wouldChange]), plural(n.rows, "row"), grouped(n.outcomes[diff.Unchanged]))
		if n.failures > 0 {
			words += fmt.Sprintf("; %s cannot be sent", grouped(n.failures))
		}
		return words + ".", n.failures == 0
	case r.End == nil:
		return fmt.Sprintf("Cut short: the run has no recorded end. %s of %s known to be as wanted (%s).",
			grouped(right), plural(n.rows, "row"), tally), false
	case n.rows == 0:
		words, good = "The input held no rows; nothing was sent.", true
	case wrong == 0:
		words, good = fmt.Sprintf("Everything is as wanted: %s (%s).", plural(n.rows, "row"), tally), true
	default:
		words = fmt.Sprintf("%s of %s not as wanted (%s).", grouped(wrong), plural(n.rows, "row"), tally)
	}
	if r.End.ExitCode != 0 && r.End.Reason != "" {
		words += " The run ended with: " + r.End.Reason + "."
	}
	return strings.ReplaceAll(words, "..", "."), good && r.End.ExitCode == 0
}

// advice says for each outcome that is not good what its rows ask of the reader.
var advice = map[diff.Outcome]string{
	diff.Differs:   "the tenant accepted the change and now holds another value; Changes shows both",
	diff.Failed:    "the service refused; the reason, error code and request ID are on Failures",
	diff.Conflict:  "somebody else changed the task since the base; nothing was sent, decide whose value holds",
	diff.NotFound:  "the tenant has no such task; correct the ID or take the row out",
	diff.WrongType: "the ID is a task of another kind, which this program does not change",
	diff.Invalid:   "the row could not be understood; correct its cells",
	diff.Blocked:   "a safety limit stopped the run before anything was sent",
	diff.NotSent:   "the run ended before these had their turn",
	diff.Unknown:   "sent, with no answer that settles it; look at the tasks before anything is sent again",
}

// trouble says what the reader should look at, the gravest first; advise words what an outcome asks of him.
func trouble(r *ledger.Reader, n figures, advise func(diff.Outcome) string, say func(format string, args ...any)) {
	if r.End == nil && !r.Planned() {
		say("The run was cut short. \"taskrecon apply\" with its ledger settles what was sent and goes on.")
	}
	if r.Torn {
		say("The last line of the ledger was not whole and is left out: the program was stopped while it wrote it.")
	}
	grave := []diff.Outcome{diff.Unknown, diff.Differs}
	rest := slices.DeleteFunc(diff.Outcomes(), func(o diff.Outcome) bool { return slices.Contains(grave, o) })
	for _, o := range append(grave, rest...) {
		rows := n.outcomes[o]
		if rows > 0 && !o.Good() {
			say("%s %s: %s.", plural(rows, "row"), o, advise(o))
		}
	}
	if n.temporary > 0 {
		say("For %s of these the reason may pass: the same run again may settle them.", grouped(n.temporary))
	}
}

// advised is something to look at, and where it is.
type advised struct {
	text string
	to   spot
}

// attention lists what the reader should look at; empty when there is nothing.
func (b *book) attention(r *ledger.Reader, n figures) []advised {
	var list []advised
	var to spot
	say := func(format string, args ...any) {
		list, to = append(list, advised{fmt.Sprintf(format, args...), to}), spot{}
	}
	trouble(r, n, func(o diff.Outcome) string {
		if to = b.first[o].failures; o == diff.Differs {
			to = b.first[o].changes
		}
		return advice[o]
	}, say)
	if n.failures > 0 && (r.End != nil || r.Planned()) { // a run that was cut short is resumed first
		to = spot{failuresSheet, 2}
		say("Failures holds these rows in their own columns. Correct them there and feed the sheet back with --sheet %s.", failuresSheet)
	}
	if left := len(r.Header.Unmanaged); left > 0 {
		to = spot{unmanagedSheet, 2}
		say("No row names %s of the tenant; see Unmanaged. They were left alone.", plural(left, "task"))
	}
	b.sayUnfit(say)
	for _, text := range notices(r.Header.Input.Notices) {
		say("%s", text)
	}
	return list
}

// sayUnfit says what became of texts that a cell cannot hold as they are.
func (b *book) sayUnfit(say func(string, ...any)) {
	if b.cut > 0 {
		say(`%s cut at the length that a cell can hold and marked "[cut: …]"; the ledger holds them whole.`, plural(b.cut, "text"))
	}
	if b.escaped > 0 {
		say(`%s with control characters that a workbook cannot hold, shown as \uXXXX; the ledger holds them as they are.`, plural(b.escaped, "text"))
	}
	if b.turned > 0 {
		say(`%s with characters that turn the direction of the text around them, shown as \uXXXX; Failures and the ledger hold them as they are.`, plural(b.turned, "text"))
	}
	if b.unlinked > 0 {
		say("Links lead from the first rows of a sheet only; filter by Row to find the places of the others.")
	}
	if b.left > 0 {
		say("%s on Failures left blank, since a cell cannot hold the text exactly; the reason beside it names the column.", plural(b.left, "cell"))
	}
}

// notices are the input's, as far as the first page has room for them; Run lists them all.
func notices(all []string) []string {
	const most = 12
	var list []string
	for i, text := range all {
		if i == most {
			return append(list, fmt.Sprintf("%s more about the input; all are on Run.", plural(len(all)-most, "notice")))
		}
		list = append(list, "About the input: "+text)
	}
	return list
}
