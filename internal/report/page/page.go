package page

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"sync"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/report"
	"taskrecon/internal/task"
	"taskrecon/internal/text"
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
	mostRows   = 50_000
	mostStatic = 200 // rows that show without JavaScript
	mostText   = 4_000
)

// page is the page being written.
type page struct {
	*report.Run
	options  report.Options
	assignee int // the input's column of assignees; -1 where it has none
}

// Write writes the page of a ledger to w. past must not be used by others meanwhile.
func Write(w io.Writer, past *ledger.Reader, o report.Options) error {
	isAssignee := func(name string) bool { return task.Named(name) == task.AssignedTo }
	p := &page{report.New(past), o, slices.IndexFunc(past.Header.Input.Columns, isAssignee)}
	if o.Preview {
		p.Run.Preview()
	}
	var static []staticRow
	err := p.Each(func(row report.Row) error {
		if row.Failed() && len(static) < mostStatic {
			static = append(static, newStaticRow(&row))
		}
		return nil
	})
	if err != nil {
		return err
	}
	view := p.view(static)
	out := bufio.NewWriterSize(w, 256<<10)
	if err := pageTemplate().ExecuteTemplate(out, "top", view); err != nil {
		return err
	}
	if err := p.data(out); err != nil {
		return err
	}
	if err := pageTemplate().ExecuteTemplate(out, "bottom", view); err != nil {
		return err
	}
	return out.Flush()
}

// styleSheet is the page's style with the outcomes' colours, which are those of the workbook.
var styleSheet = sync.OnceValue(func() string {
	var s strings.Builder
	s.WriteString(pageCSS)
	for _, o := range append(diff.Outcomes(), report.WouldChange) {
		l := report.Looks[o]
		fmt.Fprintf(&s, ".o-%s{--solid:#%s;--over:#%s;--tint:#%s}\n", class(o), l.Solid, l.Over, l.Tint)
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
func (p *page) spare() int { return max(0, mostRows-p.Failures) }

// held is how many rows the page holds.
func (p *page) held() int { return min(p.Failures, mostRows) + min(p.Rows-p.Failures, p.spare()) }

// data writes the rows for the script, a line for each. json.Marshal escapes <, > and &, so no text ends the element.
func (p *page) data(out *bufio.Writer) error {
	outcomes, err := json.Marshal(p.Shown())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "<script type=\"application/json\" id=\"data\">{\n\"outcomes\": %s,\n\"rows\": [", outcomes) // out keeps the error
	between, room, spare := "\n", mostRows, p.spare()
	err = p.Each(func(row report.Row) error {
		left := &spare
		if row.Failed() {
			left = &room
		}
		if *left == 0 {
			return nil
		}
		*left--
		line, err := json.Marshal(p.dataRow(&row))
		if err != nil {
			return err
		}
		out.WriteString(between)
		between = ",\n"
		_, err = out.Write(line)
		return err
	})
	if err != nil {
		return err
	}
	_, err = out.WriteString("\n]}</script>\n")
	return err
}

// rowEdit is what a row shows of a property: before and wanted, and what was found where that is known. Of a conflict it is what the base
// held, what is wanted, and what was found in its place.
type rowEdit struct {
	property, before, wanted string
	found                    *string
	conflict                 bool
}

func rowEdits(row *report.Row) []rowEdit {
	shown := func(property string, v task.Value) string { return plain(report.Shown(property, v)) }
	var edits []rowEdit
	for i, e := range row.Edits {
		edit := rowEdit{plain(e.Property), shown(e.Property, e.Before), shown(e.Property, e.Wanted), nil, row.Outcome == diff.Conflict}
		if v := row.After(i); v != nil {
			edit.found = new(shown(e.Property, *v))
		}
		edit.conflict = edit.conflict && edit.found != nil
		edits = append(edits, edit)
	}
	for _, c := range row.Compared {
		if p := task.Lookup(c.Property); row.Outcome == diff.Conflict && p != nil && !p.Equal(c.Found, c.Wanted) {
			edits = append(edits, rowEdit{c.Property, shown(c.Property, c.Base), shown(c.Property, c.Wanted), new(shown(c.Property, c.Found)), true})
		}
	}
	return edits
}

// dataRow is a row as the script takes it, by place: row, ID, name, outcome, whether it needs attention,
// reason, edits as [property, before, wanted, found or null, whether it is a conflict], attempts, status, code, request ID, client
// request ID, sent, settled, server date, actor, seconds to settle or null, what was overwritten, note, and whom it gives the task to.
func (p *page) dataRow(row *report.Row) []any {
	edits := [][]any{}
	for _, e := range rowEdits(row) {
		edits = append(edits, []any{e.property, e.before, e.wanted, e.found, e.conflict})
	}
	assignee := ""
	if p.assignee >= 0 && p.assignee < len(row.Cells) {
		assignee = row.Cells[p.assignee]
	}
	attention := 0
	if row.Failed() {
		attention = 1
	}
	sent := &row.Sent
	return []any{
		row.Row, plain(row.ID), plain(row.DisplayName.String()), row.Shown, attention, plain(row.Why()), edits, row.Attempts,
		sent.Status, plain(sent.Code), plain(sent.RequestID), plain(sent.ClientRequestID), report.UTC(sent.SentAt), report.UTC(sent.SettledAt),
		row.ServerDate(), plain(row.Caller.Actor), row.SettledAfter(), plain(row.Overwritten()), plain(row.NoteSent()), plain(assignee),
	}
}

// plain is a text as the page shows it: what cannot be seen or would turn the direction of the text around
// it becomes a visible escape, and what is too long for a page is cut with a mark that says so.
func plain(s string) string {
	s, _ = text.EscapeXML(s)
	s, _ = text.EscapeBidi(s)
	return report.Clip(s, mostText)
}
