package notify

import (
	"context"
	"fmt"
	"time"

	"taskrecon/internal/exit"
	"taskrecon/internal/job"

	"taskrecon/internal/task"
)

// startTimeout bounds the ping before a run, which must not hold it up.
const startTimeout = 5 * time.Second

// PingStart pings a dead-man switch as a run begins: ADDRESS/start, one try of at most 5 s.
func (s *Sender) PingStart(ctx context.Context, to Address) error {
	_, err := s.once(ctx, to.under("start"), "text/plain; charset=utf-8", nil, startTimeout)
	return err
}

// PingEnd pings a dead-man switch as a run has ended: ADDRESS itself after a run that did what it was to do, ADDRESS/fail
// after any other, with a few words as the body. The limits are those of Post.
func (s *Sender) PingEnd(ctx context.Context, to Address, sum *job.Summary) error {
	if !Good(sum.ExitCode) {
		to = to.under("fail")
	}
	return s.Post(ctx, to, "text/plain; charset=utf-8", []byte(pingText(sum)))
}

// Good says whether a run with this exit code did what it was to do; differences that were asked for are an answer.
func Good(exitCode int) bool { return exitCode == exit.Done || exitCode == exit.Differences }

func pingText(s *job.Summary) string {
	return fmt.Sprintf("%s: exit code %d\n%s: %s\n%s\n", s.Command, s.ExitCode, task.Plural(s.Rows, "row"), s.Words(), clip(s.Reason))
}
