package screen

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"taskrecon/internal/batch"
)

// Status is the last line of a terminal: how far a command is and what it waits for. It is drawn in place when something happens and
// every second, so that it never stands still without saying why, and it makes room for whatever else is printed. The zero Status
// draws nothing. Its methods may be called concurrently.
type Status struct {
	Terminal io.Writer // nil draws nothing

	mu       sync.Mutex
	phase    string         // what is done before anything is sent; "" is nothing to say
	progress batch.Progress // of the sending; a Total of 0 is none
	last     time.Time      // when phase or progress came
	until    time.Time      // when a wait ends
	why      string
	drawn    int // characters
	stop     chan struct{}
}

// update changes what the line says, and draws it. A phase is not drawn before it has lasted a second.
func (s *Status) update(change func(*Status)) {
	if s.Terminal == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
	if s.stop == nil {
		s.stop = make(chan struct{})
		go s.tick(s.stop)
	}
	if s.progress.Total > 0 || time.Now().Before(s.until) {
		s.draw()
	}
}

// Begin says what is done from now on, before anything is sent.
func (s *Status) Begin(phase string) {
	s.update(func(s *Status) { s.phase, s.last = phase, time.Now() })
}

// Report says how far the sending is.
func (s *Status) Report(p batch.Progress) {
	s.update(func(s *Status) { s.progress, s.last = p, time.Now() })
}

// Wait says that nothing is sent or read before a time, and why.
func (s *Status) Wait(until time.Time, why string) {
	s.update(func(s *Status) { s.until, s.why = until, why })
}

func (s *Status) tick(stop <-chan struct{}) {
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			s.mu.Lock()
			s.draw()
			s.mu.Unlock()
		case <-stop:
			return
		}
	}
}

// End takes the line away. The last state of a sending stays, in a line of its own.
func (s *Status) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop == nil {
		return
	}
	close(s.stop)
	s.stop, s.until = nil, time.Time{}
	if s.phase = ""; s.progress.Total > 0 {
		s.last = time.Now()
		s.draw()
		fmt.Fprintln(s.Terminal)
		s.progress, s.drawn = batch.Progress{}, 0
	}
	s.clear()
}

// put writes words over what is drawn. A terminal that cannot be drawn on must not stop the run.
func (s *Status) put(words string) {
	n := utf8.RuneCountInString(words)
	_, _ = io.WriteString(s.Terminal, "\r"+words+strings.Repeat(" ", max(s.drawn-n, 0)))
	s.drawn = n
}

func (s *Status) clear() {
	if s.drawn > 0 {
		s.put("")
		_, _ = io.WriteString(s.Terminal, "\r")
	}
}

// Write prints above the line.
func (s *Status) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	return s.Terminal.Write(b)
}

func (s *Status) draw() {
	words := s.words(time.Now())
	if words == "" {
		s.clear()
		return
	}
	width := Width
	if f, ok := s.Terminal.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			width = w
		}
	}
	if n := utf8.RuneCountInString(words); n >= width {
		words = string([]rune(words)[:max(width-2, 0)]) + "…"
	}
	s.put(words)
}

const (
	barWidth = 12              // characters between the brackets
	silence  = 2 * time.Second // after which an answer is waited for
)

// words are what the line says: what is waited for goes before how fast it goes.
func (s *Status) words(now time.Time) string {
	p, words := s.progress, s.phase
	if p.Total > 0 {
		done := min(barWidth*p.Settled/p.Total, barWidth)
		words = fmt.Sprintf("[%s%s] %d/%d", strings.Repeat("#", done), strings.Repeat("-", barWidth-done), p.Settled, p.Total)
		if p.Rate > 0 && p.Settled < p.Total {
			words += ", ends " + p.Finish.Local().Format(time.TimeOnly)
		}
	}
	switch quiet := now.Sub(s.last); {
	case now.Before(s.until):
		return strings.TrimPrefix(fmt.Sprintf("%s; waits %s: %s", words, seconds(s.until.Sub(now)), s.why), "; ")
	case words == "":
	case p.Settling > 0:
		words += fmt.Sprintf(", %d read again until %s at most", p.Settling, p.Closes.Local().Format(time.TimeOnly))
	case quiet >= silence && p.Settled < p.Total:
		words += ", no answer for " + seconds(quiet)
	case p.Total == 0:
		words += ", " + seconds(quiet)
	case p.Rate > 0 && p.Settled < p.Total:
		words += fmt.Sprintf(", %.1f/s", p.Rate)
	}
	return words
}

// seconds is a time in whole seconds, up to the next, or in minutes where it is long.
func seconds(d time.Duration) string {
	if d < 2*time.Minute {
		return fmt.Sprintf("%.0f s", math.Ceil(d.Seconds()))
	}
	return fmt.Sprintf("%.0f min", math.Ceil(d.Minutes()))
}
