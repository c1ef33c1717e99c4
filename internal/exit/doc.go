// Package exit holds the exit codes of the program and the error that carries one.
//
// A function that knows how its failure has to end returns an [Error]: an error with its exit code and, where there is one,
// advice. The error travels up as any other, may be wrapped on the way, and is read in one place, by the command line, which
// prints it and ends the process with [Code] of it. An error without a code is [Failed].
//
//	if !present {
//		return exit.Errorf(exit.Input, "export it again", "%s has no rows", file)
//	}
//
// What each code means is said in one wording, [Meanings], for help, manual, README and cards.
package exit
