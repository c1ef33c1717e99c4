// Package secret reads secrets from where they may be: a file that only its owner may read, or what a command prints. Flags and
// configuration files only name these places.
//
// File reads such a file whole, Line the one line of it, and Printed runs a command in the shell and takes its first line. Small reads any
// file of bounded size, after a look at what is open.
//
// What always holds:
//
//   - A file that others could read is refused, with the command that shuts them out.
//   - No error holds a secret, a command, or what a command printed on its output.
//   - Nothing is read without a bound, and no command runs without one.
//
// For example:
//
//	from := secret.Source{Env: env}
//	password, err := from.Line("/etc/taskrecon/client-secret")
//	token, err := from.Printed(ctx, "pass show graph-token")
package secret
