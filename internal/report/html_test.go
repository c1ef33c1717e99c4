package report_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/report"
	"taskrecon/internal/report/render"
	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

// pageDataJSON is what the page's script reads.
type pageDataJSON struct {
	Outcomes []string
	Rows     [][]any
}

func dataOf(t testing.TB, page string) pageDataJSON {
	t.Helper()
	_, rest, _ := strings.Cut(page, `<script type="application/json" id="data">`)
	text, _, found := strings.Cut(rest, "</script>")
	if !found {
		t.Fatal("the page has no data")
	}
	var data pageDataJSON
	must(t, json.Unmarshal([]byte(text), &data))
	return data
}

// TestPageAllowsItselfAlone checks that the policy's hashes are those of what is in the page, and that
// nothing in it would be loaded from elsewhere or run from an attribute.
func TestPageAllowsItselfAlone(t *testing.T) {
	page := string(viewBytes(t, varied().write(t), ".html"))
	csp := regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)
	if csp == nil {
		t.Fatal("no policy")
	}
	policy := strings.NewReplacer("&#39;", "'", "&#43;", "+").Replace(csp[1])
	for element, directive := range map[string]string{"style": "style-src", "script": "script-src"} {
		found := regexp.MustCompile(`(?s)<`+element+`>(.*?)</`+element+`>`).FindAllStringSubmatch(page, -1)
		if len(found) != 1 {
			t.Fatalf("%d %s elements", len(found), element)
		}
		sum := sha256.Sum256([]byte(found[0][1]))
		if want := directive + " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, want) {
			t.Errorf("the policy %q lacks %q", policy, want)
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none';") {
		t.Errorf("the policy is %q", policy)
	}
	markup := regexp.MustCompile(`(?s)<(script|style)\b.*?</(script|style)>`).ReplaceAllString(page, "")
	if bad := regexp.MustCompile(`(?i)<[^>]*\s(src|srcset|style|on[a-z]+)=|<(link|img|iframe|object|embed|base|form)\b|url\(`).FindString(markup); bad != "" {
		t.Errorf("the page has %q", bad)
	}
}

var hostileTexts = []string{
	"<script>alert(1)</script>", "</script><b>", `"onload=alert(1) x="`, "\u202egpj.exe", "\u2066x\u2069", "<!--", "<!--<script>",
	"</noscript><img src=x>", "]]>", "{{.Final}}", "`${alert(1)}`", "</style>", "\u2028\u2029",
}

// hostileRun has texts that would be markup in every place that holds text.
func hostileRun() *run {
	r := newRun("apply")
	all := strings.Join(hostileTexts, " ")
	h := &r.header
	h.RunID, h.Version, h.Actor, h.Operator, h.Tenant, h.Cloud, h.GraphURL = all, all, all, all, all, all, all
	h.Input.File, h.Input.Sheet, h.Input.SHA256, h.Input.Notices = all, all, all, hostileTexts
	h.Options = []ledger.Option{{Name: all, Value: all}}
	for _, text := range hostileTexts {
		res := diff.Result{Outcome: diff.Failed, Reason: text, Code: text, After: values(text)}
		res.Overwrote = []diff.Overwritten{{Property: task.AssignedTo, Value: task.Text(text)}}
		r.sent(text, res, edit(task.AssignedTo, text, text))
		c := &r.changes[len(r.changes)-1]
		c.StatusVia, c.Note = diff.ViaAction, text
		h.Unmanaged = append(h.Unmanaged, ledger.Unmanaged{
			ID: text, DisplayName: task.Text(text), Status: task.Text(text), AssignedTo: task.Text(text), DueDateTime: task.Text(text),
		})
	}
	r.end = &ledger.End{At: start, ExitCode: 3, Reason: all}
	return r
}

// TestHostileTextStaysText renders texts that would be markup in every place that holds text.
func TestHostileTextStaysText(t *testing.T) {
	page := string(viewBytes(t, hostileRun().write(t), ".html"))
	for _, tag := range regexp.MustCompile(`(?i)<(script\b|b>|img|!--|/noscript|/style)[^<]{0,30}`).FindAllString(page, -1) {
		ours := []string{`<script type="application/json"`, `<script>"use strict"`, "</style>\n", "</noscript>\n", "<b>assignedTo", "<b>all rows", "<b>need attention", "<b>failed"}
		if !slices.ContainsFunc(ours, func(start string) bool { return strings.HasPrefix(tag, start) }) {
			t.Errorf("the page has the markup %q", tag)
		}
	}
	if i := strings.IndexFunc(page, func(r rune) bool { return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 }); i >= 0 {
		t.Errorf("the page turns the direction of text at %q", page[i:i+20])
	}
	for _, want := range []string{`\u202egpj.exe`, "&lt;script&gt;alert(1)&lt;/script&gt;"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	data := dataOf(t, page)
	for i, text := range hostileTexts {
		if got := data.Rows[i][2]; got != escaped(text) {
			t.Errorf("%q is %q in the data", text, got)
		}
		if over, note := data.Rows[i][17], data.Rows[i][18]; over != escaped("assignedTo: "+text) || note != escaped(text) {
			t.Errorf("%q was overwritten as %q and noted as %q in the data", text, over, note)
		}
	}
	if strings.ContainsAny(page[strings.Index(page, `"rows": [`):strings.LastIndex(page, "]}</script>")], "<>&") {
		t.Error("the data has characters that end its element")
	}
}

// escaped is a text as the page's data holds it.
func escaped(s string) string {
	s, _ = text.EscapeBidi(s)
	return s
}

func TestPageShowsWithoutScript(t *testing.T) {
	page := string(viewBytes(t, varied().write(t), ".html"))
	static := regexp.MustCompile(`(?s)^(.*)<script type="application/json"`).FindStringSubmatch(page)[1]
	for _, want := range []string{
		"9 of 12 rows are not as wanted", `<desc id="chart-desc">A bar divided by outcome: 2 applied, 1 differs`, "<noscript>",
		"the service refused: Application is not authorized", "Left alone", "cron@ops-01", "20260302T020000Z-7f3a", "Final SHA-256",
		"old@contoso.com → dana@contoso.com", "base old@contoso.com, found someone.else@contoso.com, wanted dana@contoso.com", "About the input: column",
	} {
		if !strings.Contains(static, want) {
			t.Errorf("the page without its script has no %q", want)
		}
	}
}

func TestPageNamesItsZones(t *testing.T) {
	l := varied().write(t)
	for want, zone := range map[string]*time.Location{
		"Times are in UTC. ": nil,
		"Times are in UTC, but for those that name Nearby. ": time.FixedZone("Nearby", 2*60*60),
	} {
		path := filepath.Join(t.TempDir(), "report.html")
		must(t, render.Write(path, l, report.Options{Zone: zone}))
		page, err := os.ReadFile(path)
		must(t, err)
		if !strings.Contains(string(page), want) {
			t.Errorf("the page of the zone %v does not say %q", zone, want)
		}
	}
}

func TestPageOfASavedPlan(t *testing.T) {
	r := newRun("plan")
	r.add("waits", edit(task.AssignedTo, "a", "b"))
	page := string(viewBytes(t, r.write(t), ".html"))
	for _, want := range []string{"Nothing was sent yet: this plan would change 1 of 1 row", `data-filter="would change"`, "o-would-change{", "No row needs attention", `class="verdict good"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
}

// TestPageOfManyRows bounds the size and time of a page that a mass edit makes.
func TestPageOfManyRows(t *testing.T) {
	slow(t)
	const many = 20_000
	r := manyResults(t, many, 0)
	began := time.Now()
	page := viewBytes(t, r, ".html")
	took := time.Since(began)
	t.Logf("%d rows: %v, %d KiB", many, took.Round(time.Millisecond), len(page)>>10)
	if got := len(dataOf(t, string(page)).Rows); got != many {
		t.Errorf("the page holds %d rows", got)
	}
	if per := len(page) / many; per > 500 {
		t.Errorf("%d bytes a row", per)
	}
	if took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestPageLeavesOutTheGoodFirst covers a run with more rows than a page holds.
func TestPageLeavesOutTheGoodFirst(t *testing.T) {
	slow(t)
	const most = 50_000
	const many = most + 1_000
	page := string(viewBytes(t, manyResults(t, many, 0), ".html"))
	failed := 0
	data := dataOf(t, page)
	for _, row := range data.Rows {
		if row[3] == "failed" {
			failed++
		}
	}
	if len(data.Rows) != most || failed != many/10 {
		t.Errorf("the page holds %d rows, %d of them failed", len(data.Rows), failed)
	}
	if want := fmt.Sprintf("The page holds %s of %s rows, those that need attention first", text.Grouped(most), text.Grouped(many)); !strings.Contains(page, want) {
		t.Errorf("the page does not say %q", want)
	}
}
