package notify

import (
	"encoding/json"
	"strings"
	"testing"

	"taskrecon/internal/diff"
	"taskrecon/internal/exit"
	"taskrecon/internal/job"
)

type inline struct{ Type, Text string }

type element struct {
	Type, Text string
	Facts      []struct{ Title, Value string }
	Inlines    []inline
}

func readCard(t testing.TB, data []byte) []element {
	t.Helper()
	var m struct {
		Type        string
		Attachments []struct {
			ContentType string
			Content     struct {
				Type, Version string
				Body          []element
			}
		}
	}
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	if m.Type != "message" || len(m.Attachments) != 1 || m.Attachments[0].ContentType != "application/vnd.microsoft.card.adaptive" ||
		m.Attachments[0].Content.Type != "AdaptiveCard" || m.Attachments[0].Content.Version != "1.4" {
		t.Fatalf("envelope %s", data)
	}
	return m.Attachments[0].Content.Body
}

func TestCard(t *testing.T) {
	s := job.NewSummary("apply")
	s.ExitCode, s.Rows, s.Reason, s.Seconds, s.Run = exit.Partial, 3, "1 row failed", 61.23, "20261124-1"
	s.Outcomes[diff.Applied], s.Outcomes[diff.Failed] = 2, 1
	s.Reports = []string{"a.xlsx", "b.html", "c.csv", "d.json"}
	data, err := Card(s, "wish.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	body := readCard(t, data)
	if body[0].Text != "taskrecon apply: finished, but some rows are not as wanted (exit code 3)" {
		t.Errorf("title %q", body[0].Text)
	}
	var facts, lines []string
	for _, f := range body[1].Facts {
		facts = append(facts, f.Title+" "+f.Value)
	}
	for _, e := range body[2:] {
		lines = append(lines, strings.TrimSpace(e.Inlines[0].Text)+" "+e.Inlines[1].Text)
	}
	if got, want := strings.Join(facts, ", "), "rows 3, applied 2, failed 1, patches 0, throttled 0, took 1m1.2s"; got != want {
		t.Errorf("facts %q, want %q", got, want)
	}
	if got, want := strings.Join(lines, "; "), "File wish.xlsx; Run 20261124-1; Reason 1 row failed; Report a.xlsx, b.html, c.csv and 1 more"; got != want {
		t.Errorf("lines %q, want %q", got, want)
	}
}

// FuzzCard: whatever others wrote is in text runs, where markdown means nothing, and the card is never too large for Teams.
func FuzzCard(f *testing.F) {
	for _, s := range []string{
		"wish.xlsx", "**bold** [click](https://evil.example/)", "<at>everyone</at>", "{{DATE(2017-02-14T06:07:00Z)}}", "{{{{{", "a\u202Egpj.exe\u0000\n\r- x",
		"\xff\xfe\"\\", strings.Repeat("\u2028", 9000), strings.Repeat("\U0001F600", 9000), strings.Repeat("\"", 9000),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, hostile string) {
		s := job.NewSummary("apply")
		s.Run, s.Reason, s.Next, s.Ledger = hostile, hostile, hostile, hostile
		s.Reports = []string{hostile, hostile, hostile, hostile}
		data, err := Card(s, hostile)
		if err != nil || len(data) > 28<<10 {
			t.Fatalf("%d bytes, %v", len(data), err)
		}
		clean, err := Card(job.NewSummary("apply"), "")
		if err != nil {
			t.Fatal(err)
		}
		body, plain := readCard(t, data), readCard(t, clean)
		for i, e := range body {
			if i < len(plain) {
				if e.Text != plain[i].Text || len(e.Facts) != len(plain[i].Facts) {
					t.Errorf("element %d depends on others' words", i)
				}
				continue
			}
			if e.Type != "RichTextBlock" || e.Text != "" || len(e.Inlines) != 2 || e.Inlines[1].Type != "TextRun" {
				t.Errorf("element %+v", e)
			}
			if text := e.Inlines[1].Text; strings.Contains(text, "{{") || strings.ContainsAny(text, "\n\r\u202E\u0000") {
				t.Errorf("text %q", text)
			}
		}
	})
}
