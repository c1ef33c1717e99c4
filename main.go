// Command taskrecon brings Microsoft Intune security tasks to the state that a CSV or XLSX file describes.
package main

import (
	"os"

	"taskrecon/internal/cli"
)

func main() { os.Exit(cli.Main()) }
