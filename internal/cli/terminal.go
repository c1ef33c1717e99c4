package cli

import (
	"bufio"
	"context"
	"os"
	"strings"

	"golang.org/x/term"
)

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// colours reports whether a stream takes colours: a terminal does, unless NO_COLOR says otherwise.
func (p *program) colours(stream any) bool { return isTerminal(stream) && p.env["NO_COLOR"] == "" }

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
	select {
	case line := <-p.lines():
		return strings.EqualFold(strings.TrimSpace(line), "yes"), nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}
