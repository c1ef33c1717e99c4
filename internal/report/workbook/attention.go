package workbook

import (
	"fmt"

	"taskrecon/internal/diff"
	"taskrecon/internal/report"
	"taskrecon/internal/text"
)

// advised is something to look at, and where it is.
type advised struct {
	text string
	to   spot
}

// attention lists what the reader should look at; empty when there is nothing.
func (b *book) attention() []advised {
	r := b.run.Ledger
	var list []advised
	var to spot
	say := func(format string, args ...any) {
		list, to = append(list, advised{fmt.Sprintf(format, args...), to}), spot{}
	}
	b.run.Trouble(func(o diff.Outcome) string {
		if to = b.first[o].failures; o == diff.Differs {
			to = b.first[o].changes
		}
		return report.Advice[o]
	}, say)
	if b.run.Failures > 0 && (r.End != nil || r.Planned()) { // a run that was cut short is resumed first
		to = spot{report.FailuresSheet, 2}
		say("Failures holds these rows in their own columns. Correct them there and feed the sheet back with --sheet %s.", report.FailuresSheet)
	}
	if left := len(r.Header.Unmanaged); left > 0 {
		to = spot{report.UnmanagedSheet, 2}
		say("No row names %s of the tenant; see Unmanaged. They were left alone.", text.Count(left, "task"))
	}
	b.sayUnfit(say)
	for _, notice := range b.run.Notices(12, "on Run") {
		say("%s", notice)
	}
	return list
}

// sayUnfit says what became of texts that a cell cannot hold as they are.
func (b *book) sayUnfit(say func(string, ...any)) {
	if b.cut > 0 {
		say(`%s cut at the length that a cell can hold and marked "[cut: …]"; the ledger holds them whole.`, text.Count(b.cut, "text"))
	}
	if b.escaped > 0 {
		say(`%s with control characters that a workbook cannot hold, shown as \uXXXX; the ledger holds them as they are.`, text.Count(b.escaped, "text"))
	}
	if b.turned > 0 {
		say(`%s with characters that turn the direction of the text around them, shown as \uXXXX; Failures and the ledger hold them as they are.`, text.Count(b.turned, "text"))
	}
	if b.unlinked > 0 {
		say("Links lead from the first rows of a sheet only; filter by Row to find the places of the others.")
	}
	if b.left > 0 {
		say("%s on Failures left blank, since a cell cannot hold the text exactly; the reason beside it names the column.", text.Count(b.left, "cell"))
	}
}
