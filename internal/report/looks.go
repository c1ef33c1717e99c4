package report

import "taskrecon/internal/diff"

// Ink and Paper are the colours of text and of what is behind it.
const (
	Ink   = "1A1A1A"
	Paper = "FFFFFF"
)

// Look is how an outcome is shown, its colours in hexadecimal digits. The word itself is always beside it, alone and exact, so colour is
// never the only sign; the solid colours are those of Okabe and Ito, the tints are theirs made light.
type Look struct {
	Symbol string // beside the word
	Solid  string // chart and swatch
	Over   string // ink on solid
	Tint   string // behind the word in a table, under dark ink
	Bold   bool   // for what needs attention
	Italic bool   // for what never had its turn
}

// Looks are those of all outcomes.
var Looks = map[diff.Outcome]Look{
	diff.Applied:   {Symbol: "✓", Solid: "009E73", Over: Ink, Tint: "CDEBDF"},
	diff.Differs:   {Symbol: "≠", Solid: "F0E442", Over: Ink, Tint: "FAF3A8", Bold: true},
	diff.Unchanged: {Symbol: "=", Solid: "C4CDD5", Over: Ink, Tint: "EEF1F4"},
	diff.Failed:    {Symbol: "✗", Solid: "D55E00", Over: Ink, Tint: "F2A477", Bold: true},
	diff.Conflict:  {Symbol: "⇄", Solid: "CC79A7", Over: Ink, Tint: "E6B8D0", Bold: true},
	diff.NotFound:  {Symbol: "∅", Solid: "E69F00", Over: Ink, Tint: "FBD891", Bold: true},
	diff.WrongType: {Symbol: "◇", Solid: "56B4E9", Over: Ink, Tint: "BBE0F7", Bold: true},
	diff.Invalid:   {Symbol: "!", Solid: "8C4A1F", Over: Paper, Tint: "D3A98C", Bold: true},
	diff.Blocked:   {Symbol: "■", Solid: "4D4D4D", Over: Paper, Tint: "B5B5B5", Bold: true},
	diff.NotSent:   {Symbol: "○", Solid: "9A9A9A", Over: Ink, Tint: "E2E2E2", Italic: true},
	diff.Unknown:   {Symbol: "?", Solid: "0072B2", Over: Paper, Tint: "8FC1E3", Bold: true},
	WouldChange:    {Symbol: "→", Solid: "7FCFB4", Over: Ink, Tint: "DDF2EA"},
}
