using Retrieval.Domain.Errors;
using Retrieval.Features.Npy;

namespace Retrieval.Cli.Input;

/// <summary>Token ids of captions as two arrays: ids <c>[C, T]</c>, padded at the end, and lengths <c>[C]</c>.</summary>
internal static class TokensFile
{
    /// <summary>Reads the captions, each without its padding.</summary>
    /// <param name="tokensPath">The ids, whole numbers.</param>
    /// <param name="lengthsPath">The lengths, whole numbers.</param>
    /// <param name="maxTokens">Length of the model's longest caption.</param>
    /// <param name="vocabulary">Number of words of the model: ids are below this.</param>
    /// <exception cref="InvalidInputException">An array has another shape or type, or a length or an id is out of range.</exception>
    public static IReadOnlyList<long[]> Read(string tokensPath, string lengthsPath, int maxTokens, int vocabulary)
    {
        using var tokens = NpyFile.Open(tokensPath);
        if (tokens.Shape.Count != 2 || tokens.Shape[0] is 0 or > int.MaxValue || tokens.Shape[1] is 0 or > int.MaxValue)
        {
            throw new InvalidInputException($"({string.Join(", ", tokens.Shape)}); expected (captions, tokens) with at least one of each", tokens.Name, field: "shape");
        }

        tokens.RequireType(isFloat: false);
        var lengths = Lengths(lengthsPath, tokens);
        var captions = new long[lengths.Length][];
        var row = new long[(int)tokens.RowWidth];
        for (var i = 0; i < captions.Length; i++)
        {
            if (lengths[i] < 1 || lengths[i] > Math.Min(row.Length, maxTokens))
            {
                throw new InvalidInputException($"a length of {lengths[i]}; expected 1 to {Math.Min(row.Length, maxTokens)}", Path.GetFileName(lengthsPath), i);
            }

            tokens.ReadRows(i, row.AsSpan());
            captions[i] = row[..(int)lengths[i]];
            var bad = Array.FindIndex(captions[i], id => id < 0 || id >= vocabulary);
            if (bad >= 0)
            {
                throw new InvalidInputException($"token {bad} is {captions[i][bad]}; expected an id from 0 to {vocabulary - 1}", tokens.Name, i);
            }
        }

        return captions;
    }

    private static long[] Lengths(string path, NpyFile tokens)
    {
        using var file = NpyFile.Open(path);
        if (file.Shape.Count != 1 || file.RowCount != tokens.RowCount)
        {
            throw new InvalidInputException($"({string.Join(", ", file.Shape)}); expected ({tokens.RowCount}), one length for each row of {tokens.Name}", file.Name, field: "shape");
        }

        file.RequireType(isFloat: false);
        var lengths = new long[file.RowCount];
        file.ReadRows(0, lengths.AsSpan());
        return lengths;
    }
}
