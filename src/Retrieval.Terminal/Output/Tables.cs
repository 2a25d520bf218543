using Spectre.Console;

namespace Retrieval.Terminal.Output;

/// <summary>Tables with plain text in their cells: no cell is ever read as markup.</summary>
public static class Tables
{
    /// <summary>A table with a title; a heading that begins with <c>#</c> marks a column of numbers.</summary>
    public static Table Titled(string title, params ReadOnlySpan<string> headings)
    {
        var table = new Table { Border = TableBorder.Rounded, Title = new TableTitle(Markup.Escape(title)) };
        foreach (var heading in headings)
        {
            var numbers = heading.StartsWith('#');
            table.AddColumn(new TableColumn(new Text(numbers ? heading[1..] : heading)) { Alignment = numbers ? Justify.Right : Justify.Left });
        }

        return table;
    }

    /// <summary>A table of names and values.</summary>
    public static Table Facts(string title, params ReadOnlySpan<(string Name, string Value)> facts)
    {
        var table = Titled(title, "", "").HideHeaders();
        foreach (var (name, value) in facts)
        {
            table.Add(name, value);
        }

        return table;
    }

    /// <summary>Adds a row.</summary>
    public static Table Add(this Table table, params IEnumerable<string> cells) =>
        table.AddRow(cells.Select(cell => new Text(Safe.Line(cell))));
}
