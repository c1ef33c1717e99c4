package report_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/report"
	"taskrecon/internal/report/render"
)

// browse gives the document as Chromium has it once the page's script ran, and what it logged to the console.
func browse(t *testing.T, page, hash string) (dom, console string) {
	t.Helper()
	chromium := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			chromium = path
			break
		}
	}
	if chromium == "" {
		t.Skip("SKIPPED: no chromium here, so the page's script was not run")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--user-data-dir="+t.TempDir(), "--enable-logging=stderr", "--v=0", "--virtual-time-budget=4000", "--dump-dom", "file://"+page+hash)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	for line := range strings.SplitSeq(errs.String(), "\n") {
		if strings.Contains(line, ":CONSOLE") {
			console += line + "\n"
		}
	}
	return out.String(), console
}

func pageFile(t *testing.T, r *run) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	must(t, render.Write(path, r.write(t), report.Options{}))
	return path
}

var (
	bodyRow    = regexp.MustCompile(`<tr><td class="c-row">(\d+)</td>`)
	statusLine = regexp.MustCompile(`<p id="status" role="status">([^<]*)</p>`)
)

// TestPageInABrowser looks at the rows that the page's script shows for a hash, and that it may run at all.
func TestPageInABrowser(t *testing.T) {
	page := pageFile(t, varied())
	for hash, want := range map[string]string{
		"":                "4 5 6 7 8 9 10 11 12 Rows 1 to 9 of 9, those that need attention, out of 12",
		"#outcome=all":    "2 3 4 5 6 7 8 9 10 11 12 13 Rows 1 to 12 of 12",
		"#outcome=failed": "5 Rows 1 to 1 of 1, outcome failed, out of 12",
		"#outcome=all&assignee=dana@contoso.com&property=status": "2 Rows 1 to 1 of 1, assignee dana@contoso.com, property status, out of 12",
		"#assignee=someone.else@contoso.com":                     "6 Rows 1 to 1 of 1, those that need attention, assignee someone.else@contoso.com, out of 12",
		"#outcome=attention&sort=row-":                           "12 11 10 9 8 7 6 5 4 Rows 1 to 9 of 9, those that need attention, out of 12",
		"#outcome=applied&q=BITlocker&sort=nonsense":             "2 13 Rows 1 to 2 of 2, outcome applied, with “BITlocker”, out of 12",
	} {
		if hash != "" && !strings.Contains(hash, "assignee=dana") && os.Getenv("TASKRECON_SLOW") == "" {
			continue
		}
		dom, console := browse(t, page, hash)
		got := ""
		for _, m := range bodyRow.FindAllStringSubmatch(dom, -1) {
			got += m[1] + " "
		}
		if m := statusLine.FindStringSubmatch(dom); m != nil {
			got += m[1]
		}
		if got != want {
			t.Errorf("%s shows %q, want %q", hash, got, want)
		}
		if console != "" {
			t.Errorf("%s: the console says %s", hash, console)
		}
		if strings.Contains(dom, `id="static"`) {
			t.Errorf("%s: the table for those without JavaScript is beside the other", hash)
		}
	}
}

func TestHostilePageInABrowser(t *testing.T) {
	dom, console := browse(t, pageFile(t, hostileRun()), "")
	if got := len(bodyRow.FindAllString(dom, -1)); got != len(hostileTexts) {
		t.Errorf("%d rows, want %d", got, len(hostileTexts))
	}
	if console != "" || strings.Contains(dom, "<img") {
		t.Errorf("hostile text became HTML; the console says %q", console)
	}
	if !strings.Contains(dom, "&lt;script&gt;alert(1)&lt;/script&gt;</span>") {
		t.Error("the text of a script is not shown as text")
	}
}

// TestLargePageInABrowser sorts and searches 20,000 rows.
func TestLargePageInABrowser(t *testing.T) {
	slow(t)
	const many = 20_000
	page := filepath.Join(t.TempDir(), "report.html")
	must(t, render.Write(page, manyResults(t, many, 0), report.Options{}))
	began := time.Now()
	dom, console := browse(t, page, "#outcome=all&q="+guid(999)+"&sort=outcome-")
	t.Logf("loaded, searched and sorted in %v, the browser's start among it", time.Since(began).Round(time.Millisecond))
	if m := statusLine.FindStringSubmatch(dom); m == nil || m[1] != "Rows 1 to 20 of 20, with “"+guid(999)+"”, out of 20,000" || console != "" {
		t.Errorf("the page says %q, the console %q", m, console)
	}
	if info, err := os.Stat(page); err != nil || info.Size() > 16<<20 {
		t.Errorf("size of the page: %v, %v", info, err)
	}
}

// TestAlteredScriptDoesNotRun shows that the policy is in force, and that the tests here would see what it refuses.
func TestAlteredScriptDoesNotRun(t *testing.T) {
	slow(t)
	page := pageFile(t, varied())
	altered := strings.Replace(textOf(t, page), `<script>"use strict"`, `<script>"use  strict"`, 1)
	must(t, os.WriteFile(page, []byte(altered), 0o600))
	dom, console := browse(t, page, "")
	if !strings.Contains(console, "Content Security Policy") || !strings.Contains(dom, `id="static"`) || bodyRow.MatchString(dom) {
		t.Errorf("the altered script ran; the console says %q", console)
	}
}
