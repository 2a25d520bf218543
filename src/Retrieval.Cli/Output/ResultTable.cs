using System.Text;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Cli.Output;

/// <summary>A table that can be drawn on a terminal or written as Markdown.</summary>
/// <param name="title">Stands above it.</param>
/// <param name="headings">One for each column; one that begins with <c>#</c> marks a column of numbers. A line break in it is only
/// kept on a terminal.</param>
internal sealed class ResultTable(string title, params IEnumerable<string> headings)
{
    private readonly string[] _headings = [.. headings];
    private readonly List<string[]?> _rows = [];

    public void Add(params IEnumerable<string> cells) => _rows.Add([.. cells]);

    /// <summary>Sets the next rows apart from those before, if there are any.</summary>
    public void BeginGroup()
    {
        if (_rows.Count > 0)
        {
            _rows.Add(null);
        }
    }

    public Table Draw()
    {
        var table = Tables.Titled(title, _headings);
        foreach (var row in _rows)
        {
            _ = row is null ? table.AddEmptyRow() : table.Add(row);
        }

        return table;
    }

    /// <summary>Appends a heading and the table; rows of all groups follow each other.</summary>
    public void AppendMarkdown(StringBuilder text)
    {
        text.Append("### ").Append(Escape(title)).Append("\n\n");
        AppendRow(text, _headings.Select(heading => Escape(heading.TrimStart('#').TrimStart('\n'))));
        AppendRow(text, _headings.Select(heading => heading.StartsWith('#') ? "---:" : "---"));
        foreach (var row in _rows.OfType<string[]>())
        {
            AppendRow(text, row.Select(Escape));
        }
    }

    /// <summary>Text that Markdown shows as it is.</summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (var character in Safe.Line(text))
        {
            escaped.Append(character is '\\' or '|' or '*' or '_' or '`' or '<' or '[' ? "\\" : "").Append(character);
        }

        return escaped.ToString();
    }

    private static void AppendRow(StringBuilder text, IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
}
