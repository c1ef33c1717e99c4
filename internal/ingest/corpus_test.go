package ingest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/ingest"
)

// corpusDir holds other people's files, read in place.
const corpusDir = "../../../shared/corpus"

// corpus says for each file why it is refused, or how many rows it has under which header (its
// beginning, where it is long).
var corpus = map[string]struct {
	rows             int
	columns, refused string
}{
	"csv/csp__escaped_quotes.csv":                              {rows: 2, columns: "a|b"},
	"csv/csp__json.csv":                                        {rows: 1, columns: "key|val"},
	"csv/csp__newlines.csv":                                    {rows: 3, columns: "a|b|c"},
	"csv/csp__newlines_crlf.csv":                               {rows: 3, columns: "a|b|c"},
	"csv/csp__simple_crlf.csv":                                 {rows: 1, columns: "a|b|c"},
	"csv/csp__utf8.csv":                                        {refused: "line 3, the last record, has no line end"},
	"csv/edr__Test_git_issue578.csv":                           {rows: 0, columns: "1|2|3|4|5"},
	"csv/edr__cp1252.csv":                                      {refused: "line 3, column 5 holds the byte 0xE6, which is not UTF-8; save it as \"CSV UTF-8\", or name its encoding"},
	"csv/edr__utf16le_bom.csv":                                 {refused: "line 3, the last record, has no line end"},
	"csv/edr__utf8_bom.csv":                                    {refused: "line 3, the last record, has no line end"},
	"csv/fri__blank-headers.csv":                               {rows: 2, columns: "id||age"},
	"csv/fri__blank-rows.csv":                                  {rows: 2, columns: "id|name|age"},
	"csv/fri__defective-rows.csv":                              {rows: 2, columns: "id|name|age"},
	"csv/fri__doublequote.csv":                                 {rows: 5, columns: "INCISO|NOMBREINCISO|UE|NOMBREUE|AÑO|CODIGOAP|NOMBREAP|DESCRI"},
	"csv/fri__leading-zeros.csv":                               {refused: "line 4, the last record, has no line end"},
	"csv/fri__table-infer-iso-8859-7.csv":                      {refused: "line 2, column 6 holds the byte 0xCB, which is not UTF-8; save it as \"CSV UTF-8\", or name its encoding"},
	"csv/osp__csv_with_CR_EOL.csv":                             {refused: "line 3, the last record, has no line end"},
	"csv/osp__csv_with_utf16be_bom.csv":                        {refused: "line 3, the last record, has no line end"},
	"csv/osp__csv_with_utf32be_bom.csv":                        {refused: "is UTF-32, which is not read; save it as \"CSV UTF-8\""},
	"csv/osp__csv_with_utf32le_bom.csv":                        {refused: "is UTF-32, which is not read; save it as \"CSV UTF-8\""},
	"csv/osp__csv_with_utf8_bom.csv":                           {refused: "line 3, the last record, has no line end"},
	"csv/osp__sheet_with_untrimmed_strings.csv":                {rows: 2, columns: "A"},
	"csv/php__contains_html.csv":                               {rows: 0, columns: "Column A|<a href=''>Link</a>|Column C"},
	"csv/php__escape.csv":                                      {refused: "line 1, column 3: a quote is inside a cell that does not begin with one"},
	"csv/php__line_break_in_enclosure.csv":                     {rows: 5, columns: "Name|Copy|URL"},
	"csv/php__linend.mac.csv":                                  {rows: 1, columns: "A|1"},
	"csv/php__premiere.utf16le.csv":                            {rows: 2, columns: "première|second|troisième"},
	"csv/php__premiere.utf16lebom.csv":                         {rows: 1, columns: "première|second|troisième"},
	"csv/php__premiere.utf32lebom.csv":                         {refused: "is UTF-32, which is not read; save it as \"CSV UTF-8\""},
	"csv/php__semicolon_separated.csv":                         {rows: 2, columns: "This|Are|Headers"},
	"csv/php__sep.csv":                                         {rows: 1, columns: "A|1"},
	"csv/php__utf16be.line_break_in_enclosure.csv":             {rows: 5, columns: "Name|Copy|URL"},
	"csv/roo__parse_with_clean_option.csv":                     {refused: "line 2, the last record, has no line end"},
	"dates/cal__date.xlsx":                                     {rows: 2, columns: "44197|15"},
	"dates/cal__date_1904.xlsx":                                {rows: 2, columns: "42735|15"},
	"dates/cal__date_quoted_format.xlsx":                       {rows: 3, columns: "44197"},
	"dates/osp__sheet_with_different_numeric_value_dates.xlsx": {rows: 1, columns: "42248|42249|42248.932638888888"},
	"dates/poi__DateFormatTests.xlsx":                          {rows: 3, columns: "Flag Name|Value|Description"},
	"dates/poi__SimpleStrict.xlsx":                             {rows: 5, columns: "test||1"},
	"dates/roo__1900_base.xlsx":                                {rows: 1, columns: "39979"},
	"dates/rxl__dates-leap-year-1900-xlsx.xlsx":                {rows: 7, columns: "dttm|dttm_string|expect_success"},
	"encrypted/edr__agile_AES128_SHA1_CBC_pwd_password.xlsx":   {refused: "is an encrypted workbook; put its password into TASKRECON_WORKBOOK_PASSWORD"},
	"encrypted/exz__encryptSHA512.xlsx":                        {refused: "is an encrypted workbook; put its password into TASKRECON_WORKBOOK_PASSWORD"},
	"formula/cal__formula.issue.xlsx":                          {rows: 2, columns: "23||23"},
	"formula/cal__string-ref.xlsx":                             {rows: 1, columns: "col1"},
	"formula/poi__link-external-workbook-a.xlsx":               {rows: 0, columns: "10.0|20.0"},
	"formula/poi__shared_formulas.xlsx":                        {rows: 40, columns: "Currently Using"},
	"hostile/exz__BadWorkbook.xlsx":                            {refused: "has no worksheet"},
	"hostile/poi__54764-2.xlsx":                                {refused: "is damaged: part \"xl/sharedStrings.xml\": the XML has a document type, which no workbook has"},
	"hostile/poi__clusterfuzz-testcase-minimized-POIXSSFFuzzer-5265527465181184.xlsx":  {refused: "is damaged: part \"xl/charts/chart1.xml\": its header and the directory differ"},
	"hostile/poi__clusterfuzz-testcase-minimized-XLSX2CSVFuzzer-5636439151607808.xlsx": {refused: "is damaged: the directory of the zip cannot be read, so the file was cut or something was added to it"},
	"hostile/poi__xlsx-corrupted.xlsx":                                                 {refused: "is damaged: part \"_rels/.rels\": the XML has text outside its root element"},
	"macro/cal__vba.xlsm":                                                              {refused: "has nothing in sheet \"Sheet1\": no header and no rows"},
	"not-xlsx/roo__type_excel.xlsx":                                                    {refused: "is an old Excel workbook (.xls); save it as .xlsx"},
	"not-xlsx/roo__type_openoffice.xlsx":                                               {refused: "is an OpenDocument file (.ods); save it as .xlsx"},
	"numbers/exz__OverflowNumericCell.xlsx":                                            {rows: 0, columns: "8595602512225"},
	"numbers/fri__adjust-floating-point-error.xlsx":                                    {rows: 5, columns: "Sample Name|peak PO4|actual PO4 (formula)|actual PO4 (values)"},
	"numbers/fri__number-format-multicode.xlsx":                                        {rows: 3, columns: "col1"},
	"numbers/fri__preserve-formatting-percentage.xlsx":                                 {rows: 3, columns: "col1|col2"},
	"numbers/rxl__big-texty-numbers-xlsx.xlsx":                                         {rows: 6, columns: "number|number as text|notes"},
	"numbers/rxl__currency-formats-xlsx.xlsx":                                          {rows: 2, columns: "product|cost_EUR|cost_CHF|cost_mixed"},
	"producers/php__issue.3613.xlsx":                                                   {rows: 3, columns: "|||||||||||||1"},
	"producers/poi__WidthsAndHeights.xlsx":                                             {rows: 1, columns: "Column and Row with Custom Width/Height|Standard Width"},
	"producers/rxl__iris-google-doc.xlsx":                                              {rows: 150, columns: "Sepal.Length|Sepal.Width|Petal.Length|Petal.Width|Species"},
	"strings/cal__empty_shared_string.xlsx":                                            {rows: 0, columns: "abc"},
	"strings/cal__encoded_entities.xlsx":                                               {rows: 0, columns: "&"},
	"strings/cal__has_x000D_.xlsx":                                                     {rows: 0, columns: "ABC\r\nDEF"},
	"strings/cal__has_x000D_inline.xlsx":                                               {rows: 0, columns: "ABC\r\nDEF"},
	"strings/cal__richtext-after-plain.xlsx":                                           {rows: 1, columns: "abcd|abcd|abcd|abcd"},
	"strings/cal__richtext-namespaced.xlsx":                                            {rows: 0, columns: "inline string\nLine 2\nLine 3|||||||shared string\nLine 2\nLine 3"},
	"strings/cal__rph.xlsx":                                                            {rows: 0, columns: "課きく\u3000毛こ"},
	"strings/poi__60289.xlsx":                                                          {rows: 1, columns: "Id|Campo1"},
	"strings/poi__60509.xlsx":                                                          {rows: 1, columns: "||2005|2006|2007|2008|2009|2010|2011|2012"},
	"strings/poi__InlineString.xlsx":                                                   {rows: 0, columns: "😜more text"},
	"strings/poi__InlineStrings.xlsx":                                                  {rows: 6, columns: "Numbers|Strings|Inline Strings|Formulas"},
	"strings/poi__MalformedSSTCount.xlsx":                                              {rows: 2, columns: "sdgf|fdsag|dsafv|asdf"},
	"strings/roo__x000D.xlsx":                                                          {rows: 1, columns: "用例Suite一|用例Suite二|用例Suite三|用例Suite四|用例Suite五|用例标题|用例分级|前置条件|"},
	"structure/cal__any_sheets.xlsx":                                                   {rows: 3, columns: "1|2"},
	"structure/cal__header-row.xlsx":                                                   {rows: 2, columns: "||Note 1"},
	"structure/cal__issue252.xlsx":                                                     {refused: "is damaged: part \"xl/_rels/workbook.xml.rels\": its length or its checksum is not the one it says"},
	"structure/cal__minimal_package.xlsx":                                              {rows: 194, columns: "ARREST BOOKINGS for 01/30/17"},
	"structure/cal__strict_iso_paths.xlsx":                                             {rows: 75, columns: "Item|Thickness|Number Off Bends|Number Off Fold Tracks|Numbe"},
	"structure/cal__table-multiple.xlsx":                                               {rows: 4, columns: "Item|Type|Quantity"},
	"structure/edr__Fillreport.xlsx":                                                   {refused: "is damaged: sheet \"Fill report\": cell \"0\" is in row 1 behind column 0"},
	"structure/edr__Test_git_issue_324.xlsx":                                           {refused: "is damaged: sheet \"AH\": row \"1\" follows row 1"},
	"structure/fri__sheets.xlsx":                                                       {rows: 1, columns: "id|name"},
	"structure/fri__skip-rows.xlsx":                                                    {rows: 3, columns: "Table 1"},
	"structure/osp__file_with_sheet_xml_not_matching_content_types.xlsx":               {refused: "is damaged: the part of sheet \"Sheet1\" is missing"},
	"structure/osp__sheet_with_all_cell_types.xlsx":                                    {rows: 0, columns: "s1--A1|s1--A2|0|1|2015-06-03T13:21:58Z|2015-06-01|10|10.43|E"},
	"structure/osp__sheet_with_empty_cells_without_dimensions.xlsx":                    {rows: 2, columns: "A||C"},
	"structure/osp__sheet_with_lots_of_shared_strings.xlsx":                            {rows: 2000, columns: "str|str|str|str|str"},
	"structure/osp__sheet_with_missing_cell_reference.xlsx":                            {rows: 0, columns: "s1--A1"},
	"structure/php__HiddenMergeCellsTest.xlsx":                                         {rows: 1, columns: "|2"},
	"structure/php__Zip-Windows-Directory-Separator.xlsx":                              {rows: 2, columns: "Key ID|Key|English|Notes|Description|Portuguese (Brazil)|Ger"},
	"structure/php__rootZipFiles.xlsx":                                                 {rows: 0, columns: "TEST CELL"},
	"structure/poi__54084 - Greek - beyond BMP.xlsx":                                   {rows: 0, columns: "𝝊𝝋𝝌𝝍𝝎𝝏𝝐𝝑𝝒𝝓𝝔𝝕𝝖𝝗𝝘𝝙𝝚𝝛𝝜𝝝𝝞𝝟𝝠𝝡𝝢𝝣𝝤𝝥𝝦𝝧𝝨𝝩𝝪𝝫𝝬𝝭𝝮𝝯𝝰𝝱𝝲𝝳𝝴𝝵𝝶𝝷𝝸𝝹𝝺"},
	"structure/poi__56278.xlsx":                                                        {rows: 22, columns: "Market Rates"},
	"structure/poi__59021.xlsx":                                                        {rows: 1, columns: "Destination|Dial Code|Rate (USD)|Changes|Effective Date (GMT"},
	"structure/poi__59746_NoRowNums.xlsx":                                              {refused: "56 hidden or filtered-out rows that hold data: 3, 4, 5, 6, 8,"},
	"structure/poi__duplicate-filename-case-insensitive.xlsx":                          {refused: "is damaged: part \"xl/worksheets/Sheet1.xml\" is there twice"},
	"structure/poi__duplicate-filename.xlsx":                                           {refused: "is damaged: part \"xl/worksheets/sheet1.xml\" is there twice"},
}

func corpusFiles(t *testing.T) []string {
	t.Helper()
	if _, err := os.Stat(corpusDir); err != nil {
		t.Skipf("SKIPPED: no corpus at %s", corpusDir)
	}
	var files []string
	for _, pattern := range []string{"*/*.csv", "*/*.xlsx", "*/*.xlsm"} {
		found, err := filepath.Glob(filepath.Join(corpusDir, pattern))
		must(t, err)
		files = append(files, found...)
	}
	return files
}

func TestCorpus(t *testing.T) {
	files := corpusFiles(t)
	if len(files) != len(corpus) {
		t.Errorf("the corpus has %d files, %d are expected", len(files), len(corpus))
	}
	for _, file := range files {
		name, _ := filepath.Rel(corpusDir, file)
		want, known := corpus[filepath.ToSlash(name)]
		if !known {
			t.Errorf("%s: nothing is expected of it", name)
			continue
		}
		start := time.Now()
		in, err := ingest.Read(file, ingest.Options{})
		if d := time.Since(start); d > 30*time.Second {
			t.Errorf("%s took %s", name, d)
		}
		if want.refused != "" || err != nil {
			if err == nil || want.refused == "" || !strings.Contains(err.Error(), want.refused) {
				t.Errorf("%s: got error %v, want %q", name, err, want.refused)
			}
			continue
		}
		if columns := strings.Join(in.Columns, "|"); len(in.Rows) != want.rows || !strings.HasPrefix(columns, want.columns) {
			t.Errorf("%s: %d rows under %q, want %d under %q", name, len(in.Rows), columns, want.rows, want.columns)
		}
		hasID := strings.HasPrefix(strings.ToLower(want.columns), "id|")
		if noID := strings.Contains(messages(in), "no column is named id"); noID == hasID {
			t.Errorf("%s: problems\n%s", name, messages(in))
		}
	}
}

// The corpus of csv-spectrum comes with what each file holds.
func TestCorpusCSVContent(t *testing.T) {
	corpusFiles(t)
	for _, name := range []string{"json", "simple_crlf"} {
		raw, err := os.ReadFile(filepath.Join(corpusDir, "csv-expect", "csp__"+name+".json"))
		must(t, err)
		var want []map[string]string
		must(t, json.Unmarshal(raw, &want))
		in, err := ingest.Read(filepath.Join(corpusDir, "csv", "csp__"+name+".csv"), ingest.Options{})
		must(t, err)
		if len(in.Rows) != len(want) || len(want) == 0 {
			t.Errorf("%s: %d rows, want %d", name, len(in.Rows), len(want))
			continue
		}
		for i, row := range in.Rows {
			for j, column := range in.Columns {
				if got := row.Desired.Cell(j); got != want[i][column] {
					t.Errorf("%s row %d: %s is %q, want %q", name, i, column, got, want[i][column])
				}
			}
		}
	}
}

// A workbook of tidyverse/readxl holds days around the false 29 February 1900, with their texts beside them.
func TestCorpusLeapYear(t *testing.T) {
	corpusFiles(t)
	in, err := ingest.Read(filepath.Join(corpusDir, "dates", "rxl__dates-leap-year-1900-xlsx.xlsx"), ingest.Options{})
	must(t, err)
	for _, row := range in.Rows {
		if c := row.Desired.Cells(); (c[0] == c[1]) != (c[2] == "TRUE") {
			t.Errorf("row %d: %q", row.Desired.Origin().Row, c)
		}
	}
}
