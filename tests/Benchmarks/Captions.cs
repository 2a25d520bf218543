namespace Benchmarks;

/// <summary>Captions to measure with, by name: a name in a table says more than ten thousand characters.</summary>
internal static class Captions
{
    public const string Usual = "14 words";
    public const string Punctuated = "punctuation";
    public const string Longest = "10,000 characters";

    public static readonly string[] All = [Usual, Punctuated, Longest];

    public static string Text(string name) => name switch
    {
        Usual => "a striped red cube stands in front of a transparent green star on gravel",
        Punctuated => "\"It's 3.5% off,\" she said (loudly); they won't -- can't! -- buy $1,000,000 worth... don't you?",
        _ => string.Concat(Enumerable.Repeat("the man's dog, a brown one, runs; ", 295))[..10_000],
    };
}
