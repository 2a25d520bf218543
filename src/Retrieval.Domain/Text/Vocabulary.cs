using System.Text.Json;
using Retrieval.Domain.Errors;

namespace Retrieval.Domain.Text;

/// <summary>The words a model knows. A word's id is its position in the list.</summary>
public sealed class Vocabulary
{
    private const long MaxFileBytes = 256L << 20;

    private readonly Dictionary<string, int> _ids;
    private readonly string[] _words;

    /// <summary>Creates a vocabulary from the words in the order of their ids.</summary>
    /// <param name="words">At least one word; none may be empty or occur twice.</param>
    /// <param name="file">The file's name, for errors.</param>
    /// <exception cref="InvalidInputException">The list is empty, or a word is empty or occurs twice.</exception>
    public Vocabulary(IEnumerable<string> words, string? file = null)
    {
        ArgumentNullException.ThrowIfNull(words);
        _words = [.. words];
        _ids = new Dictionary<string, int>(_words.Length, StringComparer.Ordinal);
        if (_words.Length == 0)
        {
            throw new InvalidInputException("the vocabulary holds no words, expected at least the special ones", file, field: "words");
        }

        for (var id = 0; id < _words.Length; id++)
        {
            if (string.IsNullOrEmpty(_words[id]))
            {
                throw new InvalidInputException("a word is empty", file, field: $"words[{id}]");
            }

            if (!_ids.TryAdd(_words[id], id))
            {
                throw new InvalidInputException(
                    $"the word '{_words[id]}' occurs a second time, first as words[{_ids[_words[id]]}]", file, field: $"words[{id}]");
            }
        }

        File = file;
    }

    /// <summary>The number of words; ids run from 0 to this number minus one.</summary>
    public int Count => _words.Length;

    /// <summary>The name of the file the words come from, if any.</summary>
    public string? File { get; }

    /// <summary>The word of an id.</summary>
    /// <param name="id">0 … <see cref="Count"/> minus one.</param>
    public string this[int id] => _words[id];

    /// <summary>Reads a bundle's <c>vocabulary.json</c>: <c>{"words": ["&lt;pad&gt;", …]}</c>.</summary>
    /// <exception cref="InvalidInputException">The file does not have that form, or its words do not form a vocabulary.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Vocabulary Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        return Read(stream, Path.GetFileName(path));
    }

    /// <summary>Reads the form of <see cref="Load"/> from a stream.</summary>
    /// <param name="stream">UTF-8 JSON; at most 256 MiB if its length is known.</param>
    /// <param name="file">The file's name, for errors.</param>
    /// <exception cref="InvalidInputException">As <see cref="Load"/>.</exception>
    public static Vocabulary Read(Stream stream, string file)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (stream.CanSeek && stream.Length > MaxFileBytes)
        {
            throw new InvalidInputException($"{stream.Length} bytes, expected at most {MaxFileBytes}", file);
        }

        try
        {
            using var document = JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = 4 });
            return new Vocabulary(WordsOf(document.RootElement, file), file);
        }
        catch (JsonException e)
        {
            throw new InvalidInputException($"not valid JSON: {e.Message}", file, innerException: e);
        }
    }

    /// <summary>Finds the id of a word, compared character by character.</summary>
    /// <returns>Whether the word is known.</returns>
    public bool TryGetId(string word, out int id) => _ids.TryGetValue(word, out id);

    /// <summary>The id of a word that must be known.</summary>
    /// <exception cref="InvalidInputException">The word is missing.</exception>
    public int RequireId(string word) => TryGetId(word, out var id)
        ? id
        : throw new InvalidInputException($"the word '{word}' is missing, expected among the {Count} words", File, field: "words");

    private static List<string> WordsOf(JsonElement root, string file)
    {
        if (root.ValueKind != JsonValueKind.Object
            || !root.TryGetProperty("words", out var list)
            || list.ValueKind != JsonValueKind.Array)
        {
            throw new InvalidInputException("expected an object with a list named \"words\"", file);
        }

        var words = new List<string>(list.GetArrayLength());
        foreach (var element in list.EnumerateArray())
        {
            words.Add(element.ValueKind == JsonValueKind.String
                ? StringOf(element, file, words.Count)
                : throw new InvalidInputException($"expected a string, found {element.ValueKind}", file, field: $"words[{words.Count}]"));
        }

        return words;
    }

    private static string StringOf(JsonElement element, string file, int place)
    {
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            // An escaped lone surrogate, or bytes that are not UTF-8: JsonElement detects them only when the string is created.
            throw new InvalidInputException("the word is not valid Unicode", file, field: $"words[{place}]", innerException: e);
        }
    }
}
