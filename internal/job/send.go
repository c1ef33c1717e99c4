package job

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

// carryOut records the plan, sends it where the command is apply, and leaves ledger and reports on every path.
func (r *run) carryOut(ctx context.Context) error {
	if err := r.files.open(r.Outputs, r.Command == "apply"); err != nil {
		return err
	}
	defer r.files.cleanUp()
	book, err := ledger.Create(r.files.ledger)
	if err != nil {
		return err
	}
	if r.Disk != nil {
		book.Through(r.Disk)
	}
	r.summary.Run, r.summary.Ledger = r.files.runID, r.files.shownLedger()
	hold, err := LockLedger(r.files.ledger)
	if err != nil {
		return first(err, book.Close())
	}
	defer hold.Release()
	err = book.Plan(r.header(), r.plan.Changes)
	return r.keep(ctx, book, first(err, r.permit()))
}

// keep takes a run whose plan is on record to its end: sent, unless it was refused, judged, closed, reported.
func (r *run) keep(ctx context.Context, book *ledger.Writer, err error) error {
	refused := err != nil
	if err == nil && r.Command == "apply" {
		err = r.send(ctx, book)
	}
	err = r.verdict(ctx, err, book)
	if r.Command == "apply" || refused { // a saved plan stays open, to be applied; a refused one does not
		err = also(err, book.End(r.endLine(err)))
	}
	if Code(err) == ExitLimit { // the end line makes what was not sent blocked
		_, countErr := r.tally(book)
		err = first(err, countErr)
	}
	err = also(also(err, book.Close()), r.report())
	if r.record != nil {
		err = first(err, r.record.Close())
	}
	return err
}

// also is an error that tells of both. The exit code and the hint are those of the earlier one.
func also(earlier, later error) error {
	if earlier == nil || later == nil || strings.Contains(earlier.Error(), later.Error()) {
		return first(earlier, later)
	}
	both := &Exit{Code: Code(earlier), Err: fmt.Errorf("%w; %w", earlier, later)}
	var e *Exit
	if errors.As(earlier, &e) {
		both.Hint = e.Hint
	}
	return both
}

// first is the error that is told: the earlier one, since later ones tend to follow from it.
func first(earlier, later error) error {
	if earlier != nil {
		return earlier
	}
	return later
}

func (r *run) send(ctx context.Context, book *ledger.Writer) error {
	pending := r.plan.Pending()
	if r.Most > 0 && len(pending) > r.Most {
		pending = pending[:r.Most]
	}
	if len(pending) == 0 {
		return nil
	}
	if r.Confirm != nil {
		yes, err := r.Confirm(ctx, r.plan, r.hash)
		if err != nil {
			return err
		}
		if !yes {
			return Fail(ExitFailed, "", "not confirmed; nothing was sent")
		}
	}
	if r.past != nil && r.Batch.OnConflict == batch.Abort {
		if err := r.abortIfStale(ctx, pending, book); err != nil {
			return err
		}
	}
	stats, err := batch.Send(ctx, pending, r.Client, watched{book, r.Watcher, &r.recent}, r.sendOptions(len(pending)))
	stats.Throttled += r.stats.Throttled // while listing
	r.stats = stats
	s := r.summary
	s.Patches, s.Batches, s.Throttled, s.Retries, s.Waited = stats.Patches, stats.Batches, stats.Throttled, stats.Retries, stats.Waited
	switch {
	case errors.Is(err, batch.ErrConflict) && stats.Patches == 0:
		return &Exit{Code: ExitStale, Err: err}
	case errors.Is(err, batch.ErrConflict):
		return &Exit{Code: ExitPartial, Err: err}
	case errors.Is(err, batch.ErrBudget), errors.Is(err, batch.ErrCanary):
		return &Exit{Code: ExitBudget, Err: err, Hint: "look at the report; the rest can be sent when the cause is mended"}
	}
	return err
}

func (r *run) sendOptions(changes int) batch.Options {
	o := r.Batch
	o.Spent, o.Progress, o.Waiting = r.Client.Requests(), r.Watcher.Progress, r.Watcher.Waiting
	var legs batch.Lately
	if r.past != nil {
		legs = r.past.Lately()
	}
	o.InDoubt, o.Before = r.doubt, r.recent.before(legs)
	o.NoReopen = !r.Limits.AllowReopen
	if o.Stale = r.past != nil; !o.Stale {
		o.Seen = r.planned // what a ledger tells of the tenant is old, however young the ledger is
	}
	o.Note = r.note()
	if q := r.ErrorBudget; q != nil && !q.Off {
		o.MaxErrors = q.N
		if q.Percent {
			o.MaxErrors = (changes*q.N + 99) / 100
		}
		o.MaxErrors = max(o.MaxErrors, 1)
	}
	return o
}

// note finds what the input's own column "note" says of a change; it goes with updateStatus.
func (r *run) note() func(*diff.Change) string {
	columns := r.columns()
	for i, name := range columns {
		if task.FoldName(name) == "note" {
			return func(c *diff.Change) string { return c.Desired.Cell(i) }
		}
	}
	return nil
}

func (r *run) columns() []string {
	if r.past != nil {
		return r.past.Header.Input.Columns
	}
	return r.input.Columns
}

// abortIfStale reads the tenant again, and refuses the whole saved plan if any of its tasks has changed since.
func (r *run) abortIfStale(ctx context.Context, pending []*diff.Change, book *ledger.Writer) error {
	current, err := r.list(ctx)
	if err != nil {
		return err
	}
	byKey := make(map[string]*task.Task, len(current))
	for _, t := range current {
		byKey[task.Key(t.ID)] = t
	}
	stale := 0
	for _, c := range pending {
		found := byKey[task.Key(c.ID())]
		if found == nil {
			continue // sending finds out
		}
		m := batch.Meet(c, found)
		if len(m.Conflicts) == 0 {
			continue
		}
		stale++
		res := batch.Result{Change: c, Outcome: diff.Conflict, Reason: m.Words(), SettledAt: time.Now()}
		for _, e := range c.Edits {
			res.After = append(res.After, found.Get(e.Property))
		}
		if err := book.Result(res); err != nil {
			return err
		}
		r.Watcher.Settled(res)
	}
	if stale > 0 {
		return Fail(ExitStale, "make a new plan", "the saved plan is stale: %s changed since it was made; nothing was sent", task.Plural(stale, "task"))
	}
	return nil
}

// watched lets the watcher see what is recorded, and the next run know what was sent.
type watched struct {
	batch.Recorder
	watcher Watcher
	recent  *recent
}

func (w watched) Sending(e batch.Envelope) error {
	if err := w.Recorder.Sending(e); err != nil {
		return err
	}
	w.recent.add(e)
	w.watcher.Sending(e)
	return nil
}

func (w watched) Result(res batch.Result) error {
	if err := w.Recorder.Result(res); err != nil {
		return err
	}
	w.recent.heard(res)
	w.watcher.Settled(res)
	return nil
}

func (r *run) endLine(verdict error) ledger.End {
	reason := r.summary.Reason
	if verdict != nil {
		reason = verdict.Error()
	}
	return ledger.End{
		At: time.Now().UTC().Truncate(time.Millisecond), ExitCode: Code(verdict), Reason: reason,
		Requests: r.Client.Requests(), Stats: r.stats,
	}
}
