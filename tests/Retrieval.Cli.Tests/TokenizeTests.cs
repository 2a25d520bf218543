using System.Text;
using System.Text.Json;

namespace Retrieval.Cli.Tests;

public sealed class TokenizeTests
{
    [Fact]
    public async Task Tokens_are_those_of_nltk()
    {
        using var fixture = JsonDocument.Parse(await File.ReadAllTextAsync(Fixture.Of("tokens.json"), TestContext.Current.CancellationToken));
        var cases = fixture.RootElement.EnumerateArray()
            .Select(item => (Caption: item.GetProperty("caption").GetString()!, Tokens: Strings(item.GetProperty("tokens"))))
            .Where(item => !item.Caption.Contains('\n', StringComparison.Ordinal)).ToList();

        var outcome = (await CommandLineProcess.RunAsync(Encoding.UTF8.GetBytes(string.Join('\n', cases.Select(item => item.Caption))), "tokenize")).Succeeded();

        Assert.True(cases.Count > 20);
        Assert.Equal(cases.Select(item => item.Tokens), Lines(outcome).Select(line => Strings(JsonDocument.Parse(line).RootElement)));
        Assert.Equal("", outcome.Errors);
    }

    [Fact]
    public async Task Only_line_feeds_end_a_line_and_an_empty_line_has_no_tokens()
    {
        var outcome = await CommandLineProcess.RunAsync("a\u2028b\fc\rd\r\n\r\n\n\ue000 \U0001F600\n"u8.ToArray(), "tokenize");

        Assert.Equal(["""["a","b","c","d"]""", "[]", "[]", "[" + "\"\ue000\",\"\U0001F600\"]"], Lines(outcome.Succeeded()).Select(Unescaped));
    }

    [Fact]
    public async Task No_input_gives_no_output() => Assert.Equal("", (await CommandLineProcess.RunAsync("tokenize")).Succeeded().Output);

    [Fact]
    public async Task With_a_bundle_ids_and_unknown_words_are_given()
    {
        var outcome = await CommandLineProcess.RunAsync("w4 w59 zebra w5\n\n"u8.ToArray(), "tokenize", "--bundle", Fixture.Bundle());

        Assert.Equal(
            ["""{"tokens":["w4","w59","zebra","w5"],"ids":[1,4,59,3,5,2],"unknown":["zebra"],"truncated":false}""", """{"tokens":[],"ids":[],"unknown":[],"truncated":false}"""],
            Lines(outcome.Succeeded()));
    }

    [Fact]
    public async Task Input_that_is_not_utf8_is_refused_with_its_line()
    {
        var outcome = await CommandLineProcess.RunAsync([.. "fine\n"u8, 0x61, 0xFF, 0x0A], "tokenize");

        Assert.Equal(2, outcome.Code);
        Assert.Equal("[\"fine\"]\n", outcome.Output);
        Assert.Contains("standard input, row 2: not UTF-8: byte 0xFF", outcome.Errors, StringComparison.Ordinal);
    }

    private static string[] Lines(Outcome outcome) => outcome.Output.Split('\n')[..^1];

    private static string Unescaped(string line) => $"[{string.Join(',', Strings(JsonDocument.Parse(line).RootElement).Select(token => $"\"{token}\""))}]";

    private static string[] Strings(JsonElement list) => [.. list.EnumerateArray().Select(item => item.GetString()!)];
}
