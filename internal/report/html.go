package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"os"
	"strings"
	"sync"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
)

//go:embed html/page.gohtml
var pageText string

//go:embed html/page.css
var pageCSS string

//go:embed html/page.js
var pageJS string

var pageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Parse(pageText))
})

// The page holds so many rows and so long texts, so that a browser can hold the page; it says what it leaves
// out. Rows that need attention come before those that do not.
const (
	pageRows   = 50_000
	pageStatic = 200 // rows that show without JavaScript
	pageUnits  = 4_000
)

// writePage writes the report as one HTML file that asks for nothing from anywhere: its style and script
// stand in it, and its Content-Security-Policy allows these two alone. The rows are data for the script, in
// an inert element; verdict, chart, facts and the first rows that need attention show without it.
func writePage(f *os.File, r *ledger.Reader, o Options) error {
	var static []staticRow
	saved := r.Planned()
	v, err := newView(r, func(e ledger.Entry) {
		if failed(e, saved) && len(static) < pageStatic {
			static = append(static, newStaticRow(e))
		}
	})
	if err != nil {
		return err
	}
	page := v.page(o)
	page.Static = static
	out := bufio.NewWriterSize(f, 256<<10)
	if err := pageTemplate().ExecuteTemplate(out, "top", page); err != nil {
		return err
	}
	if err := v.pageData(out); err != nil {
		return err
	}
	if err := pageTemplate().ExecuteTemplate(out, "bottom", page); err != nil {
		return err
	}
	return out.Flush()
}

// styleSheet is the page's style with the outcomes' colours, which are those of the workbook.
var styleSheet = sync.OnceValue(func() string {
	var s strings.Builder
	s.WriteString(pageCSS)
	for _, o := range append(diff.Outcomes(), wouldChange) {
		l := looks[o]
		fmt.Fprintf(&s, ".o-%s{--solid:#%s;--over:#%s;--tint:#%s}\n", class(o), l.solid, l.over, l.tint)
	}
	return s.String()
})

// class is an outcome as the name of a class.
func class(o diff.Outcome) string { return strings.ReplaceAll(string(o), " ", "-") }

// policy allows the page its own style and script, and nothing else.
func policy() string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + hash(styleSheet()) + "; script-src " + hash(pageJS)
}

// spare is how many rows that need no attention the page has room for.
func (v *view) spare() int { return max(0, pageRows-v.failures) }

// held is how many rows the page holds.
func (v *view) held() int { return min(v.failures, pageRows) + min(v.rows-v.failures, v.spare()) }

// pageData writes the rows for the script, a line for each.
func (v *view) pageData(out *bufio.Writer) error {
	w := &jsonWriter{out: out, html: true}
	w.text(`<script type="application/json" id="data">{` + "\n")
	w.member("outcomes", v.shown())
	w.text(",\n\"rows\": [")
	first, room, spare := true, pageRows, v.spare()
	saved := v.ledger.Planned()
	w.do(v.each(func(e ledger.Entry) error {
		left := &spare
		if failed(e, saved) {
			left = &room
		}
		if *left == 0 {
			return nil
		}
		*left--
		w.item(&first, pageRow(e, saved))
		return w.err
	}))
	w.text("\n]}</script>\n")
	return w.err
}

// pageRow is a row as the script takes it, by place: row, ID, name, outcome, whether it needs attention,
// reason, edits as [property, before, wanted, after or null], attempts, status, code, request ID, client
// request ID, sent, settled, server date, actor, seconds to settle or null, what was overwritten, note.
func pageRow(e ledger.Entry, saved bool) []any {
	res := settled(e)
	edits := make([][]any, len(e.Edits))
	for i, edit := range e.Edits {
		edits[i] = []any{plain(edit.Property), plain(edit.Before.String()), plain(edit.Wanted.String()), nil}
		if now := seen(e, i); now != nil {
			edits[i][3] = plain(now.String())
		}
	}
	attention := 0
	if failed(e, saved) {
		attention = 1
	}
	return []any{
		e.Row, plain(e.ID), plain(e.DisplayName.String()), outcome(e, saved), attention, plain(reason(e)), edits, e.Attempts,
		res.Status, plain(res.Code), plain(res.RequestID), plain(res.ClientRequestID), utc(res.SentAt), utc(res.SettledAt),
		serverDate(res), plain(e.Caller.Actor), settledAfter(res), plain(overwrote(e)), plain(noteOf(e, waiting(e, saved))),
	}
}

// plain is text as the page shows it: what cannot be seen or would turn the direction of the text around
// it becomes a visible escape, and what is too long for a page is cut with a mark that says so.
func plain(text string) string {
	text, _ = visible(text)
	text, _ = unturned(text)
	if len(text) <= pageUnits {
		return text
	}
	n := 0
	for i := range text {
		if n++; n > pageUnits {
			return text[:i] + fmt.Sprintf("… [cut: %d characters, see the ledger]", len([]rune(text[i:])))
		}
	}
	return text
}
