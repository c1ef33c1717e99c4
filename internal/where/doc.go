// Package where is the expression that picks tasks, such as
//
//	status == "active" and dueDateTime < date("2026-12-01")
//
// in the language of github.com/expr-lang/expr. An expression sees a task under these names:
//
//	id                    string
//	String, Enum          string; null reads ""
//	DateTime              time; null, what is no date-time, and 0001-01-01T00:00:00Z are not set: equal to nil, and neither
//	                      before nor after any other
//	Int32                 int; null reads 0, what is no whole number is an error
//	intendedSettings      map of name to value; a name that is missing reads "", of one that is there twice the last counts
//
// Values of assignedTo and creator that hold an "@" are compared without regard to case.
//
// [Compile] compiles the text twice: as it is written, for expr's own check of types and the checks of this package; and with the
// operators replaced by functions that know of date-times that are not set and of addresses. [Expr.Match] evaluates the result for one task.
//
// An expression comes from a command line or a file, and is bounded in either case: functions that make lists or long texts are
// not there, lists hold plain values and are in no variable, and each pass through a loop and each sum of texts counts. Compile refuses what is too
// large by itself, Match what takes too long for the task at hand.
package where
