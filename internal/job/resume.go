package job

import (
	"context"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/exit"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

// resume sends a saved plan, or goes on with a run that was cut short: exactly the changes of the ledger,
// each read again just before it is sent.
func (r *run) resume(ctx context.Context) error {
	hold, err := LockLedger(r.File)
	if err != nil {
		return err
	}
	defer hold.Release()
	if r.Client == nil {
		return r.finish()
	}
	book, past, err := ledger.Resume(r.File)
	if err != nil {
		return &exit.Error{Code: exit.Input, Err: err, Hint: "nothing was sent"}
	}
	if r.Disk != nil {
		book.Through(r.Disk)
	}
	r.past, r.record = past, past
	r.Watcher.Started(past.Header.RunID)
	if past.Finished() { // by another run, a moment ago
		return first(first(book.Close(), past.Close()), r.finish())
	}
	release, err := r.acceptLedger(ctx)
	if err != nil {
		return first(first(err, book.Close()), past.Close())
	}
	defer release()
	switch refusal := r.permit(); {
	case refusal == nil:
		return r.keep(ctx, book, r.goOn(book))
	case exit.Code(refusal) == exit.Limit && len(r.earlier) > 0:
		return r.settleFirst(ctx, book, refusal)
	default:
		s := r.summary
		s.Outcomes[diff.Blocked], s.Outcomes[diff.NotSent] = s.Outcomes[diff.NotSent], 0
		return first(first(refusal, book.Close()), past.Close())
	}
}

// settleFirst settles by reading alone what earlier legs sent, since the limits refuse the plan while all that counts as still to be
// sent. They are checked again over what is left. A leg that they stop leaves the ledger without an end line, so that a later one can
// go on.
func (r *run) settleFirst(ctx context.Context, book *ledger.Writer, refusal error) error {
	err := r.goOn(book)
	var sent, old []*diff.Change
	for _, c := range r.plan.Pending() {
		if r.earlier[c].Sent {
			sent = append(sent, c)
		}
	}
	if err == nil && len(sent) > 0 {
		o := r.sendOptions(len(sent))
		o.SettleOnly, o.Canary, o.MaxErrors = true, 0, 0
		o.Released = func(c *diff.Change) { old = append(old, c) }
		err = r.post(ctx, sent, settled{watched{book, r.Watcher, r.lock}}, o)
	}
	if err == nil {
		if refusal = r.permit(); refusal == nil {
			return r.keep(ctx, book, nil)
		}
		err = first(context.Cause(ctx), r.blockSent(book, old, refusal))
	}
	return r.leaveOpen(ctx, book, first(err, refusal))
}

// settled marks the changes that are settled, so that they do not count as still to be sent.
type settled struct{ watched }

func (s settled) Result(res diff.Result) error {
	res.Change.Outcome = res.Outcome
	return s.watched.Result(res)
}

// blockSent records of what earlier legs sent without effect that it is not sent again.
func (r *run) blockSent(book *ledger.Writer, old []*diff.Change, refusal error) error {
	for _, c := range old {
		err := book.Result(diff.Result{
			Change: c, Outcome: diff.Failed, Temporary: true, SettledAt: time.Now(), Overwrote: r.earlier[c].Overwrote,
			Reason: "sent without taking effect, and not sent again: " + refusal.Error(),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// leaveOpen ends a leg without an end line: its ledger can be gone on with.
func (r *run) leaveOpen(ctx context.Context, book *ledger.Writer, err error) error {
	_, countErr := r.tally(book)
	s := r.summary
	s.Outcomes[diff.Blocked], s.Outcomes[diff.NotSent] = s.Outcomes[diff.Blocked]+s.Outcomes[diff.NotSent], 0
	err = also(also(stopped(ctx, first(err, countErr)), book.Close()), r.report())
	if r.record != nil {
		err = first(err, r.record.Close())
	}
	return err
}

// acceptLedger checks that the ledger may be applied here, and takes its plan.
func (r *run) acceptLedger(ctx context.Context) (release func(), err error) {
	r.summary.Rows, r.summary.Outcomes = r.past.Rows(), r.past.Counts()
	if err := r.sameAsPlanned(); err != nil {
		return nil, err
	}
	if err = r.placeBeside(); err != nil {
		return nil, err
	}
	r.summary.Run, r.summary.Ledger = r.files.runID, r.files.shownLedger()
	if release, err = r.signInAndLock(ctx); err != nil {
		return nil, err
	}
	if err = r.sameTenant(); err == nil {
		err = r.takePlan()
	}
	if err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// sameTenant refuses to send a plan to another tenant than the one that it was made for.
func (r *run) sameTenant() error {
	h := &r.past.Header
	switch {
	case h.Tenant != r.who.Tenant:
		return exit.Errorf(exit.Input, "nothing was sent", "the plan was made for tenant %q, but this sign-in is for tenant %q", h.Tenant, r.who.Tenant)
	case h.Cloud != r.Cloud || (h.GraphURL != r.GraphURL && r.Cloud != "sandbox"):
		return exit.Errorf(exit.Input, "nothing was sent", "the plan was made at %s (%s), not at %s (%s)", h.GraphURL, h.Cloud, r.GraphURL, r.Cloud)
	}
	return nil
}

// takePlan takes what is left of the ledger's plan.
func (r *run) takePlan() error {
	left, err := r.past.Pending()
	if err != nil {
		return &exit.Error{Code: exit.Input, Err: err, Hint: "nothing was sent"}
	}
	r.listed = r.past.Header.Planned
	r.plan = &diff.Plan{Tenant: r.past.Header.TenantTasks, Changes: make([]diff.Change, len(left)), Settled: r.past.Settled()}
	r.earlier = map[*diff.Change]batch.Earlier{}
	for i, l := range left {
		r.plan.Changes[i] = l.Change
		if l.Sent || l.Part || len(l.Overwrote) > 0 {
			r.earlier[&r.plan.Changes[i]] = batch.Earlier{Sent: l.Sent, Part: l.Part, Answered: l.Answered, Overwrote: l.Overwrote}
		}
	}
	for _, u := range r.past.Header.Unmanaged {
		t := &task.Task{ID: u.ID, Type: u.Type}
		t.Set(task.DisplayName, u.DisplayName)
		r.plan.Unmanaged = append(r.plan.Unmanaged, t)
	}
	r.hash = r.past.Header.PlanHash // what was approved is the whole plan, not what is left of it
	r.show()
	return nil
}
