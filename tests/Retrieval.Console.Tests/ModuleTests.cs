using Retrieval.Console.Tests.Hosting;

namespace Retrieval.Console.Tests;

/// <summary>Modules that only compute, called in the page.</summary>
public sealed class ModuleTests(Chromium browser, DemoSite site)
{
    private static readonly Dictionary<string, string> Names = new()
    {
        ["tensor.js"] = "linked, along, shades, largest", ["query.js"] = "filterOf", ["exposition.js"] = "read, single, histogram", ["titles.js"] = "titlesOf", ["numbers.js"] = "score",
    };

    // Two steps over three words and two regions: 100 · step + 10 · word + region.
    private const string Steps = "{ axes: ['fixed', 'words', 'regions'], shape: [2, 3, 2], values: [0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121] }";

    // The whole pair, then two words: 10 · from + to.
    private const string Nodes = "{ axes: ['nodes', 'nodes'], shape: [3, 3], values: [0, 1, 2, 10, 11, 12, 20, 21, 22] }";

    [Theory]
    [InlineData($"linked({Steps}, 'words', 2, [1, 0, 0])", """{"things":"regions","values":[120,121]}""")]
    [InlineData($"linked({Steps}, 'regions', 1, [0, 0, 0])", """{"things":"words","values":[1,11,21]}""")]
    [InlineData($"linked({Nodes}, 'words', 1, [0, 0])", """{"things":"words","values":[21,22]}""")]
    [InlineData($"linked({Nodes}, 'regions', 1, [0, 0])", "null")]
    [InlineData("linked({ axes: ['words'], shape: [2], values: [1, 2] }, 'words', 0, [0])", "null")]
    [InlineData("along({ axes: ['nodes'], shape: [3], values: [7, 8, 9] }, 0, [0])", "[8,9]")]
    [InlineData("shades([2, -1, 1])", "[1,0,0.5]")]
    [InlineData("shades([0, 0])", "[0,0]")]
    [InlineData("largest([1, 3, 2], 2)", """[{"value":3,"place":1},{"value":2,"place":2}]""")]
    public Task An_output_is_read_by_its_axes(string call, string expected) => GivesAsync("tensor.js", call, expected);

    [Theory]
    [InlineData("'split=test'", """{"split":"test"}""")]
    [InlineData("' a = b=c \\n\\na=d\\nx='", """{"a":["b=c","d"],"x":""}""")]
    [InlineData("'year=2024\\nopen=true\\nid=12345678901234567890\\nv=01'", """{"year":["2024",2024],"open":["true",true],"id":["12345678901234567890",12345678901234567890],"v":"01"}""")]
    [InlineData("'year >= 2000\\nyear<2010.5\\nsize>-1\\nsize=2'", """{"year":{"gte":2000,"lt":2010.5},"size":[{"gt":-1},"2",2]}""")]
    [InlineData("'a>=1\\na>=2\\nb<x\\nc'", """{"a":{"gte":[1,2]},"b":{"lt":"x"},"c":null}""")]
    [InlineData("'a==1\\nb!=2\\nc=>3\\n=4'", """{"a":null,"b!":null,"c":null,"":null}""")]
    [InlineData("''", "null")]
    public Task A_filter_is_read_line_by_line(string text, string expected) => GivesAsync("query.js", $"filterOf({text})", expected);

    [Theory]
    [InlineData("single(read('# HELP a\\na{} 3\\nb_total 4'), 'a')", "3")]
    [InlineData("read('a{l=\"x,\\\\\"}y\\\\n\",m=\"2\"} 1').get('a')[0].labels", """{"l":"x,\"}y\n","m":"2"}""")]
    [InlineData(
        "histogram(read('t_bucket{k=\"a\",le=\"0.1\"} 2\\nt_bucket{k=\"a\",le=\"1\"} 3\\nt_bucket{k=\"a\",le=\"+Inf\"} 4\\nt_sum{k=\"a\"} 6\\nt_count{k=\"a\"} 4'), 't', 'k')",
        """[{"label":"a","count":4,"mean":1.5,"half":0.1,"most":null}]""")]
    public Task Metrics_are_read_from_their_text(string call, string expected) => GivesAsync("exposition.js", call, expected);

    [Theory]
    [InlineData("'Which regions, after all', 'How far'", """[{"name":"Which regions","rest":"after all"},{"name":"How far","rest":""}]""")]
    [InlineData("'A, one', 'A, two'", """[{"name":"A, one","rest":""},{"name":"A, two","rest":""}]""")]
    public Task A_title_is_its_beginning_where_that_names_one_output(string titles, string expected) =>
        GivesAsync("titles.js", $"[...titlesOf([{titles}].map(title => ({{ title }}))).values()]", expected);

    [Theory]
    [InlineData("0.00001234567", "\"1.23e-5\"")]
    [InlineData("0.99557", "\"0.9956\"")]
    [InlineData("0", "\"0\"")]
    [InlineData("null", "\"–\"")]
    public Task A_small_score_keeps_its_digits(string number, string expected) => GivesAsync("numbers.js", $"score({number})", expected);

    private async Task GivesAsync(string module, string call, string expected)
    {
        await using var visit = await browser.VisitAsync(site.Address);

        var found = await visit.Page.EvaluateAsync<string>($"import('/console/{module}').then(({{ {Names[module]} }}) => JSON.stringify({call}))");

        Assert.Equal(expected, found);
    }
}
