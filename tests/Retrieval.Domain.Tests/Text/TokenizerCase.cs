using System.Text.Json;

namespace Retrieval.Domain.Tests.Text;

/// <summary>A caption and the words that NLTK gives for it after lower-casing.</summary>
public sealed record TokenizerCase(string Caption, string[] Tokens)
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    public static TokenizerCase[] Load(string fixture)
    {
        using var stream = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Fixtures", fixture));
        return JsonSerializer.Deserialize<TokenizerCase[]>(stream, Web)!;
    }
}
