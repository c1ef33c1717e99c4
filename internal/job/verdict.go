package job

import (
	"context"
	"errors"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/exit"
	"taskrecon/internal/graph"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

// stopped replaces an error that came of the run's being stopped by the cause of the stop. Any other, as of a ledger that cannot
// be written, is the run's own.
func stopped(ctx context.Context, err error) error {
	var e *exit.Error
	if ctx.Err() == nil || !errors.As(context.Cause(ctx), &e) {
		return err
	}
	for _, of := range []error{e, context.Canceled, context.DeadlineExceeded, graph.ErrConnection, graph.ErrNotSent, graph.ErrSignIn} {
		if errors.Is(err, of) {
			return e
		}
	}
	return err
}

// verdict counts the outcomes that the ledger now holds and says how the run ended. The first that holds decides:
//
//	something made it impossible to go on   that error
//	the command is plan                     no error, or where asked for exit.Differences, if a row is neither unchanged nor invalid
//	stopped before everything was sent      the cause of the stop
//	a row is short for a passing reason     exit.Temporary
//	a row is not as wanted                  exit.Partial
//	else                                    no error
func (r *run) verdict(ctx context.Context, err error, book *ledger.Writer) error {
	temporary, countErr := r.tally(book)
	s := r.summary
	if (exit.Code(err) == exit.Budget || errors.Is(err, batch.ErrNoAnswer)) && countErr == nil && s.Outcomes[diff.NotSent]+s.Outcomes[diff.Unknown]+temporary == 0 {
		err = nil // it came with the last changes, and stopped nothing
	}
	switch {
	case err != nil:
		return stopped(ctx, err)
	case countErr != nil:
		return countErr
	case r.Command == "plan":
		s.Reason = planReason(s)
		if r.Detailed && s.Rows > s.Outcomes[diff.Unchanged]+s.Outcomes[diff.Invalid] {
			return exit.Errorf(exit.Differences, "", "%s", s.Reason)
		}
		return nil
	case ctx.Err() != nil && s.Outcomes[diff.NotSent]+s.Outcomes[diff.Unknown]+temporary > 0:
		return stopped(ctx, context.Cause(ctx))
	case temporary > 0:
		return exit.Errorf(exit.Temporary, "", "%s not brought in place for reasons that may pass: %s", task.Plural(temporary, "row"), s.Words())
	case s.short() > 0:
		return exit.Errorf(exit.Partial, "the report's Failures sheet lists them", "%s not as wanted: %s", task.Plural(s.short(), "row"), s.Words())
	}
	s.Reason = "everything wanted is in place"
	return nil
}

// planReason says what a plan comes to: the rows that would change, and those that cannot.
func planReason(s *Summary) string {
	others := map[diff.Outcome]int{}
	for _, o := range []diff.Outcome{diff.Conflict, diff.NotFound, diff.WrongType, diff.Invalid} {
		others[o] = s.Outcomes[o]
	}
	words := task.Plural(s.Changes, "row") + " would change"
	if cannot := diff.OutcomeWords(others); cannot != "" {
		words += "; " + cannot
	}
	return words
}

// tally takes the counts from the ledger, so that they cannot disagree with it. One that could not be written to its end
// is counted as far as it goes.
func (r *run) tally(book *ledger.Writer) (temporary int, err error) {
	unwritten := book.Sync()
	past, err := r.recorded()
	if err != nil {
		return 0, first(unwritten, err)
	}
	r.summary.Rows, r.summary.Outcomes = past.Rows(), past.Counts()
	r.count()
	return past.Passing(), unwritten
}

// recorded is the run's ledger as it lies on the disk by now.
func (r *run) recorded() (*ledger.Reader, error) {
	if r.record == nil {
		past, err := ledger.Open(r.files.ledger)
		r.record = past
		return past, err
	}
	if err := r.record.Follow(); err != nil {
		err = first(err, r.record.Close())
		r.record = nil
		return nil, err
	}
	return r.record, nil
}

// count puts what the run put on the wire into the summary.
func (r *run) count() {
	s, a := r.summary, r.account
	s.Patches, s.Batches, s.Throttled, s.Retries, s.Waited = a.Patches, a.Batches, a.Throttled, a.Retries, a.Waited.Round(time.Millisecond).Seconds()
}
