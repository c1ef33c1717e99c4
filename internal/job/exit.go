package job

import (
	"errors"
	"fmt"
)

// Exit codes, as the help documents them.
const (
	ExitDone        = 0   // everything wanted is in place, or a plan was made
	ExitFailed      = 1   // the run failed: sign-in, network, tenant
	ExitDifferences = 2   // with --detailed-exitcode: differences exist
	ExitPartial     = 3   // finished, but some rows are not as wanted
	ExitInput       = 4   // input rejected, nothing sent
	ExitTemporary   = 5   // stopped by temporary trouble, run again
	ExitStale       = 7   // saved plan is stale under --on-conflict abort, nothing sent
	ExitBudget      = 8   // the error budget stopped it part-way
	ExitDeadline    = 10  // the deadline passed
	ExitUsage       = 64  // the command line is wrong
	ExitInterrupt   = 130 // SIGINT
	ExitTerminated  = 143 // SIGTERM
)

// Exit is an error that knows the exit code it deserves and, where there is one, what to do about it.
type Exit struct {
	Code int
	Err  error
	Hint string
}

func (e *Exit) Error() string { return e.Err.Error() }
func (e *Exit) Unwrap() error { return e.Err }

// Fail makes an Exit.
func Fail(code int, hint, format string, args ...any) *Exit {
	return &Exit{Code: code, Err: fmt.Errorf(format, args...), Hint: hint}
}

// Code is the exit code of an error: its own where it is an Exit, ExitFailed otherwise, 0 for nil.
func Code(err error) int {
	var e *Exit
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, &e):
		return e.Code
	}
	return ExitFailed
}
