using System.Text;
using Retrieval.Domain.Text;

namespace Retrieval.Domain.Tests.Text;

/// <summary>A capital sigma ends a word where Python's <c>str.lower()</c> says so. Each kind of character is Python 3.13's answer.</summary>
public sealed class FinalSigmaTests
{
    /// <summary>Characters with case, the first and the last of each range that are no letters.</summary>
    public static TheoryData<int> Cased =>
        [0x61, 0x1C5, 0x10400, 0xAA, 0xBA, 0x2160, 0x2170, 0x217F, 0x24B6, 0x24D0, 0x24E9, 0x1F130, 0x1F149, 0x1F150, 0x1F169, 0x1F170, 0x1F189];

    /// <summary>Characters without case, the neighbours of those ranges among them.</summary>
    public static TheoryData<int> Uncased =>
        [0x31, 0xA9, 0xB9, 0xBB, 0x215F, 0x2180, 0x24B5, 0x24EA, 0x1F12F, 0x1F14A, 0x1F14F, 0x1F16A, 0x1F16F, 0x1F18A, 0x4E00];

    /// <summary>Characters the rule looks past: marks, formats, modifiers, and punctuation within words.</summary>
    public static TheoryData<int> Transparent => [0x300, 0x20DD, 0xAD, 0x2B0, 0xA8, 0x387, 0x1D167];

    [Theory]
    [MemberData(nameof(Cased))]
    public void Behind_a_character_with_case_it_is_final_and_before_one_it_is_not(int value)
    {
        Assert.EndsWith("ς", Lower($"{Of(value)}Σ"), StringComparison.Ordinal);
        Assert.Equal('σ', Lower($"aΣ{Of(value)}")[1]);
    }

    [Theory]
    [MemberData(nameof(Uncased))]
    public void Behind_a_character_without_case_it_is_not_final_and_before_one_it_is(int value)
    {
        Assert.EndsWith("σ", Lower($"a{Of(value)}Σ"), StringComparison.Ordinal);
        Assert.Equal('ς', Lower($"aΣ{Of(value)}b")[1]);
    }

    [Theory]
    [MemberData(nameof(Transparent))]
    public void The_rule_looks_past_what_is_transparent_on_both_sides(int value)
    {
        Assert.EndsWith("ς", Lower($"a{Of(value)}Σ"), StringComparison.Ordinal);
        Assert.EndsWith("σ", Lower($"1{Of(value)}Σ"), StringComparison.Ordinal);
        Assert.Equal('σ', Lower($"aΣ{Of(value)}b")[1]);
        Assert.Equal('ς', Lower($"aΣ{Of(value)}1")[1]);
    }

    [Fact]
    public void By_itself_it_is_not_final() => Assert.Equal("σ", Lower("Σ"));

    private static string Of(int value) => new Rune(value).ToString();

    private static string Lower(string text) => string.Concat(TreebankTokenizer.Tokenize(text));
}
