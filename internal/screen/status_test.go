package screen

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"taskrecon/internal/batch"
)

// TestStatusSaysWhy: whatever a command waits for, the last line of the terminal says it, and is never wider than the screen.
func TestStatusSaysWhy(t *testing.T) {
	at := func(d time.Duration) time.Time { return time.Now().Add(d) }
	begun := func(s *Status) { s.Report(batch.Progress{Settled: 90, Total: 360, Rate: 5, Finish: at(time.Minute)}) }
	for name, c := range map[string]struct {
		begin func(*Status)
		after time.Duration
		want  string
	}{
		"nothing yet":   {func(s *Status) { s.Begin("reading") }, 500 * time.Millisecond, ""},
		"reading":       {func(s *Status) { s.Begin("reading") }, 3500 * time.Millisecond, "reading, 3 s"},
		"reading waits": {func(s *Status) { s.Begin("reading"); s.Wait(at(9*time.Second), "503") }, 0, "reading; waits 9 s: 503"},
		"sending":       {begun, 1500 * time.Millisecond, "[###---------] 90/360, ends 00:01:00, 5.0/s"},
		"no answer":     {begun, 7500 * time.Millisecond, "[###---------] 90/360, ends 00:01:00, no answer for 7 s"},
		"limit":         {func(s *Status) { begun(s); s.Wait(at(20*time.Second), "the limit") }, 4 * time.Second, "[###---------] 90/360, ends 00:01:00; waits 16 s: the limit"},
		"minutes":       {func(s *Status) { begun(s); s.Wait(at(time.Hour), "the limit") }, 0, "[###---------] 90/360, ends 00:01:00; waits 60 min: the limit"},
		"limit is over": {func(s *Status) { begun(s); s.Wait(at(time.Second), "the limit") }, 1500 * time.Millisecond, "[###---------] 90/360, ends 00:01:00, 5.0/s"},
		"settling": {func(s *Status) {
			s.Report(batch.Progress{Settled: 8, Total: 9, Settling: 1, Closes: at(30 * time.Second)})
		}, 9 * time.Second, "[##########--] 8/9, 1 read again until 00:00:30 at most"},
		"all settled":    {func(s *Status) { s.Report(batch.Progress{Settled: 9, Total: 9, Rate: 5}) }, 9 * time.Second, "[############] 9/9"},
		"a long reason":  {func(s *Status) { begun(s); s.Wait(at(time.Hour), strings.Repeat("x", 99)) }, 0, "[###---------] 90/360, ends 00:01:00; waits 60 min: " + strings.Repeat("x", 26) + "…"},
		"words above it": {func(s *Status) { begun(s); fmt.Fprint(s, "a notice\n") }, 0, "a notice\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var terminal bytes.Buffer
			s := &Status{Terminal: &terminal}
			local := time.Local
			time.Local = time.UTC
			defer func() { time.Local = local }()
			c.begin(s)
			time.Sleep(c.after)
			synctest.Wait()
			s.mu.Lock()
			shown := terminal.String()
			s.mu.Unlock()
			if got := strings.TrimRight(shown[strings.LastIndexByte(shown, '\r')+1:], " "); got != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
			s.End()
			if tail := terminal.String(); s.drawn != 0 || tail != "" && !strings.HasSuffix(tail, "\n") && !strings.HasSuffix(tail, "\r") {
				t.Errorf("%s: what follows would begin behind the line: %q", name, tail)
			}
		})
	}
}
