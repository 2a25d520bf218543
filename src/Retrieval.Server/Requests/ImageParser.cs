using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;
using Retrieval.Features.Npy;
using Retrieval.Search.Images;

namespace Retrieval.Server.Requests;

/// <summary>Bodies of <c>PUT /v1/images/{id}</c>: JSON, or a <c>.npy</c> file with captions beside it in the query.</summary>
internal static class ImageParser
{
    /// <summary>Media type of a <c>.npy</c> file.</summary>
    public const string NpyType = "application/x-npy";

    /// <summary>Members of the JSON body.</summary>
    public static readonly string[] Members = ["features", "captions", "metadata", "boxes"];

    private const int MostBoxes = 10_000;

    public static SubmittedImage Json(string id, JsonElement body)
    {
        var members = new RequestObject(body, "", Members);
        return new SubmittedImage(id, Base64(members)) { Captions = Captions(members), Metadata = Metadata(members), Boxes = Boxes(members) };
    }

    public static SubmittedImage Npy(string id, ReadOnlySequence<byte> body, IReadOnlyList<string> captions) =>
        new(id, Array(body.ToArray(), "body")) { Captions = captions };

    private static ImageFeatures Base64(RequestObject members)
    {
        var text = members.Find("features") ?? throw new InvalidInputException("is missing; expected a text", field: "features");
        var bytes = text.ValueKind == JsonValueKind.String ? RequestObject.WellFormed(() => text.TryGetBytesFromBase64(out var read) ? read : null, "features") : null;
        if (bytes is null)
        {
            throw new InvalidInputException(
                $"found {(text.ValueKind == JsonValueKind.String ? "a text that is not base64" : RequestObject.Kind(text))}; expected base64 of a .npy file, or of little-endian float32, row by row", field: "features");
        }

        if (NpyArray.IsNpy(bytes))
        {
            return Array(bytes, "features");
        }

        return bytes.Length % sizeof(float) == 0
            ? new ImageFeatures(MemoryMarshal.Cast<byte, float>(bytes).ToArray(), null)
            : throw new InvalidInputException($"{bytes.Length} bytes are no whole number of float32, and no .npy file", field: "features");
    }

    private static ImageFeatures Array(byte[] bytes, string field)
    {
        try
        {
            var array = NpyArray.Parse(bytes, field);
            return new ImageFeatures(array.ToSingles(), array.Shape);
        }
        catch (InvalidInputException exception)
        {
            throw new InvalidInputException(exception.Reason, field: field, innerException: exception);
        }
    }

    private static IReadOnlyList<string> Captions(RequestObject members)
    {
        if (members.Find("captions") is not { } found)
        {
            return [];
        }

        Expect(found, JsonValueKind.Array, ImageBounds.MostCaptions, "captions", $"an array of at most {ImageBounds.MostCaptions} texts");
        return [.. found.EnumerateArray().Select((caption, i) => RequestObject.TextOf(caption, $"captions[{i}]"))];
    }

    private static Dictionary<string, string>? Metadata(RequestObject members)
    {
        if (members.Find("metadata") is not { } found)
        {
            return null;
        }

        Expect(found, JsonValueKind.Object, int.MaxValue, "metadata", "an object");
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in found.EnumerateObject())
        {
            var name = RequestObject.NameOf(entry, "metadata");
            var field = $"metadata.{name}";
            var value = entry.Value.ValueKind switch
            {
                JsonValueKind.Null => null,
                JsonValueKind.String => RequestObject.TextOf(entry.Value, field),
                JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => entry.Value.GetRawText(),
                _ => throw new InvalidInputException($"found {RequestObject.Kind(entry.Value)}; expected a text, a number, true or false", field: field),
            };
            if (value is not null && !metadata.TryAdd(name, value))
            {
                throw new InvalidInputException("is given twice", field: field);
            }
        }

        return metadata;
    }

    private static IReadOnlyList<IReadOnlyList<float>>? Boxes(RequestObject members)
    {
        if (members.Find("boxes") is not { } found)
        {
            return null;
        }

        Expect(found, JsonValueKind.Array, MostBoxes, "boxes", "an array of boxes");
        return [.. found.EnumerateArray().Select(Box)];
    }

    private static IReadOnlyList<float> Box(JsonElement box, int i)
    {
        Expect(box, JsonValueKind.Array, 4, $"boxes[{i}]", "an array of four numbers");
        return [.. box.EnumerateArray().Select(corner => corner.ValueKind == JsonValueKind.Number
            ? corner.GetSingle()
            : throw new InvalidInputException($"found {RequestObject.Kind(corner)}; expected a number", field: $"boxes[{i}]"))];
    }

    private static void Expect(JsonElement found, JsonValueKind kind, int most, string field, string expected)
    {
        if (found.ValueKind != kind || (kind == JsonValueKind.Array && found.GetArrayLength() > most))
        {
            throw new InvalidInputException($"found {(found.ValueKind == kind ? $"{found.GetArrayLength()} items" : RequestObject.Kind(found))}; expected {expected}", field: field);
        }
    }
}
