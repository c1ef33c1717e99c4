package job

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/exit"
	"taskrecon/internal/ledger"
	"taskrecon/internal/report/render"
	"taskrecon/internal/task"
)

// carryOut records the plan, sends it where the command is apply, and leaves ledger and reports on every path.
func (r *run) carryOut(ctx context.Context) error {
	if err := r.files.open(r); err != nil {
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
	r.files.link()
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
	if exit.Code(err) == exit.Limit { // the end line makes what was not sent blocked
		_, countErr := r.tally(book)
		err = first(err, countErr)
	}
	err = also(also(err, book.Close()), r.report())
	if r.record != nil {
		err = first(err, r.record.Close())
	}
	return err
}

// also is an error that reports both. The exit code and the hint are those of the earlier one.
func also(earlier, later error) error {
	if earlier == nil || later == nil || strings.Contains(earlier.Error(), later.Error()) {
		return first(earlier, later)
	}
	both := &exit.Error{Code: exit.Code(earlier), Err: fmt.Errorf("%w; %w", earlier, later)}
	var e *exit.Error
	if errors.As(earlier, &e) {
		both.Hint = e.Hint
	}
	return both
}

// first is the error that is reported: the earlier one, since later ones tend to follow from it.
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
		yes, err := r.Confirm(ctx, Question{Plan: r.plan, Hash: r.hash, Page: func() (string, error) { return r.planPage(book) }})
		r.declined = err != nil || !yes
		if err != nil {
			return err
		}
		if !yes {
			return exit.Errorf(exit.Failed, "", "not confirmed; nothing was sent")
		}
	}
	if r.past != nil && r.Batch.OnConflict == batch.Abort {
		if err := r.abortIfStale(ctx, pending, book); err != nil {
			return err
		}
	}
	return r.post(ctx, pending, watched{book, r.Watcher, r.lock}, r.sendOptions(len(pending)))
}

// planPage writes the plan as a page beside the ledger.
func (r *run) planPage(book *ledger.Writer) (path string, err error) {
	if err := book.Sync(); err != nil {
		return "", err
	}
	past, err := r.recorded()
	if err != nil {
		return "", err
	}
	path = strings.TrimSuffix(r.files.ledger, filepath.Ext(r.files.ledger)) + ".plan.html"
	if r.files.dir != "" {
		path = filepath.Join(r.files.dir, "plan.html")
	}
	o := r.Report
	o.Preview = true
	return path, render.Write(path, past, o)
}

// post sends or settles changes and adds to the account of the run what that put on the wire.
func (r *run) post(ctx context.Context, changes []*diff.Change, rec batch.Recorder, o batch.Options) error {
	account, err := batch.Send(ctx, changes, r.Client, rec, o)
	a := &r.account
	a.Batches += account.Batches
	a.Patches += account.Patches
	a.Retries += account.Retries
	a.Throttled += account.Throttled
	a.Waited += account.Waited
	switch {
	case errors.Is(err, batch.ErrConflict) && a.Patches == 0:
		return &exit.Error{Code: exit.Stale, Err: err}
	case errors.Is(err, batch.ErrConflict):
		return &exit.Error{Code: exit.Partial, Err: err}
	case errors.Is(err, batch.ErrBudget), errors.Is(err, batch.ErrCanary):
		return &exit.Error{Code: exit.Budget, Err: err, Hint: "look at the report; the rest can be sent when the cause is mended"}
	case errors.Is(err, batch.ErrNoAnswer):
		return &exit.Error{Code: exit.Temporary, Err: err, Hint: "run this again later"}
	}
	return err
}

func (r *run) sendOptions(changes int) batch.Options {
	o := r.Batch
	o.Spent, o.Progress, o.Waiting, o.Leave = r.Client.Requests(), r.Watcher.Progress, r.Watcher.Waiting, r.Leave
	o.Earlier, o.Before = r.earlier, r.before()
	o.NoReopen = !r.Limits.AllowReopen
	o.BaseRead = r.listed
	if o.Stale = r.past != nil; !o.Stale {
		o.Seen = r.planned // what a ledger says of the tenant is old, however young the ledger is
	}
	if q := r.ErrorBudget; q != nil && !q.Off {
		o.MaxErrors = q.N
		if q.Percent {
			o.MaxErrors = (changes*q.N + 99) / 100
		}
		o.MaxErrors = max(o.MaxErrors, 1)
	}
	return o
}

// abortIfStale reads the tenant again, and refuses the whole saved plan if any of its tasks has changed since. While the plan is
// younger than the settling window, what looks like a change may be older than the plan: then a list that is asked for one window
// later decides.
func (r *run) abortIfStale(ctx context.Context, pending []*diff.Change, book *ledger.Writer) error {
	stale, err := r.stale(ctx, pending)
	if len(stale) > 0 && err == nil && time.Now().Before(r.listed.Add(r.Batch.SettleWithin)) {
		until := time.Now().Add(r.Batch.SettleWithin)
		r.Watcher.Waiting(until, "the plan is younger than the settling window, and what changed since is looked at again")
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(r.Batch.SettleWithin):
		}
		stale, err = r.stale(ctx, pending)
	}
	if err != nil || len(stale) == 0 {
		return err
	}
	for _, res := range stale {
		if err := book.Result(res); err != nil {
			return err
		}
		r.Watcher.Settled(res)
	}
	return exit.Errorf(exit.Stale, "make a new plan", "the saved plan is stale: %s changed since it was made; nothing was sent", task.Plural(len(stale), "task"))
}

// stale lists the tenant's tasks, and returns the conflicts of changes that were not sent yet.
func (r *run) stale(ctx context.Context, pending []*diff.Change) (conflicts []diff.Result, err error) {
	current, err := r.list(ctx)
	if err != nil {
		return nil, err
	}
	byKey := make(map[string]*task.Task, len(current))
	for _, t := range current {
		byKey[task.Key(t.ID)] = t
	}
	for _, c := range pending {
		found := byKey[task.Key(c.ID())]
		if found == nil || found.Withheld() || r.earlier[c].Sent {
			continue // sending finds out
		}
		st := diff.Stand(c.Edits, found, r.earlier[c].Overwrote)
		if len(st.Third) == 0 {
			continue
		}
		res := diff.Result{Change: c, Outcome: diff.Conflict, Reason: diff.ConflictWords(diff.ConflictsOf(c.Edits, st.Third)), SettledAt: time.Now()}
		for _, e := range c.Edits {
			res.After = append(res.After, found.Get(e.Property))
		}
		conflicts = append(conflicts, res)
	}
	return conflicts, nil
}

// before is what the service may count still: what runs into the tenant sent last, or what the ledger of this run has where
// that is later, since the run may have begun under another lock.
func (r *run) before() batch.RecentWrites {
	recent := r.lock.Recent()
	if r.past != nil {
		if n, last := r.past.Recent(batch.PublishedWrites.Per); last.After(recent.Last) {
			return batch.RecentWrites{Writes: n, Last: last}
		}
	}
	return recent
}

// watched lets the watcher see what is recorded, and the next run know what was sent.
type watched struct {
	*ledger.Writer
	watcher Watcher
	lock    *Lock
}

func (w watched) Sending(e diff.Envelope) error {
	if err := w.Writer.Sending(e); err != nil {
		return err
	}
	w.lock.Wrote(len(e.Changes), e.At)
	w.watcher.Sending(e)
	return nil
}

func (w watched) Result(res diff.Result) error {
	if err := w.Writer.Result(res); err != nil {
		return err
	}
	if !res.SentAt.IsZero() {
		w.lock.Answered(res.SettledAt.Add(-res.SettledAfter))
	}
	w.watcher.Settled(res)
	return nil
}

func (r *run) endLine(verdict error) ledger.End {
	reason := r.summary.Reason
	if verdict != nil {
		reason = verdict.Error()
	}
	return ledger.End{
		At: time.Now().UTC().Truncate(time.Millisecond), ExitCode: exit.Code(verdict), Reason: reason,
		Requests: r.Client.Requests(), Declined: r.declined && r.past == nil, Account: r.account,
	}
}
