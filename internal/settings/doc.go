// Package settings reads configuration files: YAML that sets flags by their names, for all commands or in the section of one.
//
// Read takes a file and the flags that there are, each with what it takes, and returns a File that says which values the file gives a
// command's flag, and in which line. It knows neither commands nor flags by itself.
//
// What always holds:
//
//   - Every key names a flag of a command that it is for, and every value is one that the flag takes; all that is wrong is named at
//     once, each with line and column, what was seen, and what may be meant.
//   - A file that others can write is refused, since it may name commands to run, and so is one that holds a secret.
//   - No error shows the value of a key that looks like a secret.
//
// For example:
//
//	file, err := settings.Read("nightly.yaml", flags)
//	value, ok := file.Value("apply", "max-changes")
package settings
