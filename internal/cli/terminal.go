package cli

import (
	"bufio"
	"context"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// screen is a stream for people. On a terminal it takes colours, unless NO_COLOR says otherwise.
type screen struct {
	io.Writer
	colours bool
}

func (p *program) screen(stream io.Writer) screen {
	to := stream
	if o, ok := stream.(*output); ok {
		to = o.to
	}
	return screen{stream, isTerminal(to) && p.env["NO_COLOR"] == ""}
}

// Colours, as terminals number them.
const (
	bold   = "1"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// paint colours a text that has been made safe to show.
func (s screen) paint(colour, text string) string {
	if !s.colours || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// interactive reports whether there is somebody to ask.
func (p *program) interactive() bool { return isTerminal(p.stdin) && isTerminal(p.stderr) }

// lines are the lines of standard input, closed at its end.
func (p *program) lines() <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(p.stdin); in.Scan(); {
			lines <- in.Text()
		}
	}()
	return lines
}

// yes reads one line and reports whether it is "yes". The end of the input, and the end of ctx, is no.
func (p *program) yes(ctx context.Context) (bool, error) {
	p.signals.asking.Store(true)
	defer p.signals.asking.Store(false)
	select {
	case line := <-p.lines():
		return strings.EqualFold(strings.TrimSpace(line), "yes"), nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}
