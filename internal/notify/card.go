package notify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"taskrecon/internal/diff"
	"taskrecon/internal/exit"
	"taskrecon/internal/job"
)

// JSON is the summary as --json prints it: one line.
func JSON(s *job.Summary) ([]byte, error) { return encode(s) }

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// object is a JSON object of a card, whose many kinds need no types of their own.
type object map[string]any

// Card is the summary as a message with an Adaptive Card, for a Teams webhook; under 28 KB, the most that Teams takes.
// File is the input's name. What others wrote (names of files, answers of the service) is in text runs only, which know no markdown.
func Card(s *job.Summary, file string) ([]byte, error) {
	body := []object{
		{"type": "TextBlock", "size": "Large", "weight": "Bolder", "wrap": true, "color": color(s.ExitCode), "text": verdict(s)},
		{"type": "FactSet", "facts": facts(s)},
	}
	for _, line := range []struct{ name, text string }{
		{"File", file}, {"Run", s.Run}, {"Reason", s.Reason}, {"Next", s.Next}, {"Report", reports(s.Reports)}, {"Ledger", s.Ledger},
	} {
		if line.text != "" {
			body = append(body, textLine(line.name, line.text))
		}
	}
	return encode(object{"type": "message", "attachments": []object{{
		"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil,
		"content": object{
			"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
			"msteams": object{"width": "Full"}, "body": body,
		},
	}}})
}

func textLine(name, text string) object {
	return object{"type": "RichTextBlock", "inlines": []object{
		{"type": "TextRun", "text": name + "  ", "weight": "Bolder"},
		{"type": "TextRun", "text": clip(text)},
	}}
}

func color(exitCode int) string {
	switch exitCode {
	case exit.Done, exit.Differences:
		return "Good"
	case exit.Partial, exit.Limit, exit.Temporary, exit.Deadline:
		return "Warning"
	}
	return "Attention"
}

func verdict(s *job.Summary) string {
	return fmt.Sprintf("taskrecon %s: %s (exit code %d)", s.Command, exit.Words(s.ExitCode), s.ExitCode)
}

func facts(s *job.Summary) []object {
	fact := func(title, value string) object { return object{"title": title, "value": value} }
	list := []object{fact("rows", strconv.Itoa(s.Rows))}
	for _, o := range diff.Outcomes() {
		if n := s.Outcomes[o]; n > 0 {
			list = append(list, fact(string(o), strconv.Itoa(n)))
		}
	}
	took := time.Duration(s.Seconds * float64(time.Second)).Round(100 * time.Millisecond)
	return append(list, fact("patches", strconv.Itoa(s.Patches)), fact("throttled", strconv.Itoa(s.Throttled)), fact("took", took.String()))
}

// reports names the first few: a run may have any number.
func reports(paths []string) string {
	const most = 3
	if len(paths) <= most {
		return strings.Join(paths, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(paths[:most], ", "), len(paths)-most)
}

// clip is text on one line, of at most 500 characters, without characters that hide or turn what is around
// them, and without the double brace that begins a function in cards.
func clip(text string) string {
	const most = 500
	var b strings.Builder
	n := 0
	var last rune
	for _, r := range text {
		if n == most {
			b.WriteString("...")
			break
		}
		if !unicode.IsGraphic(r) {
			r = ' '
		}
		if r == '{' && last == '{' {
			b.WriteRune(' ')
		}
		b.WriteRune(r)
		last = r
		n++
	}
	return b.String()
}
