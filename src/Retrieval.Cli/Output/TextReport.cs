using System.Text;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Cli.Output;

/// <summary>Lines and tables of a result, for a terminal or as Markdown.</summary>
internal sealed class TextReport
{
    private readonly List<(string Line, ResultTable? Table)> _parts = [];

    public void Add(string line) => _parts.Add((line, null));

    public void Add(ResultTable table) => _parts.Add(("", table));

    /// <summary>Writes it to standard output.</summary>
    public void Write(ResultFormat format)
    {
        if (format == ResultFormat.Markdown)
        {
            Printer.WriteText(ToMarkdown());
            return;
        }

        foreach (var (line, table) in _parts)
        {
            if (table is null)
            {
                Printer.Results.WriteLine(Safe.Line(line));
            }
            else
            {
                Printer.Results.Write(table.Draw());
            }
        }
    }

    private string ToMarkdown()
    {
        var text = new StringBuilder();
        foreach (var (line, table) in _parts)
        {
            text.Append(text.Length == 0 ? "" : "\n");
            if (table is null)
            {
                text.Append(ResultTable.Escape(line)).Append('\n');
            }
            else
            {
                table.AppendMarkdown(text);
            }
        }

        return text.ToString();
    }
}
