using System.Text.Json;
using Retrieval.Search.Images;
using Retrieval.Search.Queries;
using Retrieval.Server.Contracts;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Server.Answers;

/// <summary>
/// Writes answers as the types in <see cref="Contracts"/> would be serialized, but from the stored bytes: metadata is JSON
/// already, and ids and captions are UTF-8.
/// </summary>
internal static class AnswerParts
{
    /// <summary>Same format as <see cref="SearchResponse"/>.</summary>
    public static async ValueTask SearchAsync(JsonOut json, SearchAnswer answer, CancellationToken cancellationToken)
    {
        json.Raw("{\"hits\":["u8);
        var first = true;
        foreach (var place in answer.Places)
        {
            if (!first)
            {
                json.Raw(","u8);
            }

            first = false;
            await HitAsync(json, answer.Texts, place, cancellationToken).ConfigureAwait(false);
        }

        json.Raw("],\"query\":"u8);
        json.Raw(Small(answer.Query));
        json.Raw(",\"shortlisted\":"u8);
        json.Number(answer.Shortlisted);
        json.Raw(",\"reranked\":"u8);
        json.Number(answer.Reranked);
        json.Raw(",\"degraded\":"u8);
        json.Raw(Small(answer.Degraded));
        json.Raw(",\"model\":"u8);
        json.Raw(Small(answer.Model));
        json.Raw(",\"index\":"u8);
        json.Raw(Small(answer.Index));
        json.Raw(",\"indexEpoch\":"u8);
        json.Number(answer.IndexEpoch);
        json.Raw("}"u8);
    }

    /// <summary>Same format as <see cref="ImageDetails"/>.</summary>
    public static async ValueTask ImageAsync(JsonOut json, ImageAnswer image, CancellationToken cancellationToken)
    {
        var (texts, slot) = (image.Texts, image.Slot);
        json.Raw("{\"id\":\""u8);
        json.Escaped(texts.Id(slot));
        json.Raw("\",\"captions\":["u8);
        var (first, count) = texts.Captions(slot);
        for (var i = 0; i < count; i++)
        {
            json.Raw(i == 0 ? "{\"id\":\""u8 : ",{\"id\":\""u8);
            CaptionId(json, texts, slot, i);
            json.Raw("\",\"text\":\""u8);
            json.Escaped(texts.Text(first + i));
            json.Raw("\"}"u8);
            await RoomAsync(json, cancellationToken).ConfigureAwait(false);
        }

        json.Raw("],\"metadata\":"u8);
        await MetadataAsync(json, texts, slot, cancellationToken).ConfigureAwait(false);
        json.Raw(",\"boxes\":"u8);
        await BoxesAsync(json, texts, slot, cancellationToken).ConfigureAwait(false);
        json.Raw(",\"indexEpoch\":"u8);
        json.Number(image.IndexEpoch);
        json.Raw("}"u8);
    }

    /// <summary>Same format as <see cref="ScoreResponse"/>.</summary>
    public static async ValueTask ScoreAsync(JsonOut json, ScoreAnswer answer, CancellationToken cancellationToken)
    {
        json.Raw("{\"scores\":["u8);
        for (var i = 0; i < answer.Scores.Count; i++)
        {
            if (i > 0)
            {
                json.Raw(","u8);
            }

            json.Number(answer.Scores[i]);
            await RoomAsync(json, cancellationToken).ConfigureAwait(false);
        }

        json.Raw("],\"model\":"u8);
        json.Raw(Small(answer.Model));
        json.Raw(",\"indexEpoch\":"u8);
        json.Number(answer.IndexEpoch);
        json.Raw("}"u8);
    }

    /// <summary>A value of a few bytes, as the serializer writes it.</summary>
    public static byte[] Small<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, WireJson.Options);

    // Same format as Hit.
    private static async ValueTask HitAsync(JsonOut json, StoredTexts texts, LocatedHit place, CancellationToken cancellationToken)
    {
        json.Raw("{\"id\":\""u8);
        if (place.Caption is null)
        {
            json.Escaped(texts.Id(place.Image));
        }
        else
        {
            CaptionId(json, texts, place.Image, place.Position);
        }

        json.Raw("\",\"rank\":"u8);
        json.Number(place.Rank);
        json.Raw(",\"score\":"u8);
        json.NumberOrNull(place.Score);
        json.Raw(",\"scoreRank\":"u8);
        json.NumberOrNull(place.ScoreRank);
        json.Raw(",\"coarse\":{\"score\":"u8);
        json.Number(place.Coarse.Score);
        json.Raw(",\"rank\":"u8);
        json.Number(place.Coarse.Rank);
        json.Raw("},\"rankingScore\":"u8);
        json.NumberOrNull(place.RankingScore);
        json.Raw(",\"metadata\":"u8);
        await MetadataAsync(json, texts, place.Image, cancellationToken).ConfigureAwait(false);
        if (place.Caption is { } caption)
        {
            json.Raw(",\"imageId\":\""u8);
            json.Escaped(texts.Id(place.Image));
            json.Raw("\",\"caption\":\""u8);
            json.Escaped(texts.Text(caption));
            json.Raw("\""u8);
        }

        json.Raw("}"u8);
        await RoomAsync(json, cancellationToken).ConfigureAwait(false);
    }

    private static void CaptionId(JsonOut json, StoredTexts texts, long image, int position)
    {
        json.Escaped(texts.Id(image));
        json.Raw("#"u8);
        json.Number(position);
    }

    private static async ValueTask MetadataAsync(JsonOut json, StoredTexts texts, long image, CancellationToken cancellationToken)
    {
        var length = texts.Metadata(image).Length;
        if (length == 0)
        {
            json.Raw("null"u8);
        }

        for (var at = 0; at < length;)
        {
            at += json.RawPiece(texts.Metadata(image)[at..]);
            await RoomAsync(json, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async ValueTask BoxesAsync(JsonOut json, StoredTexts texts, long image, CancellationToken cancellationToken)
    {
        const int corners = 4;
        var count = texts.Boxes(image).Length;
        if (count == 0)
        {
            json.Raw("null"u8);
            return;
        }

        for (var i = 0; i < count; i++)
        {
            json.Raw(i == 0 ? "[["u8 : i % corners == 0 ? "],["u8 : ","u8);
            json.Number(texts.Boxes(image)[i]);
            await RoomAsync(json, cancellationToken).ConfigureAwait(false);
        }

        json.Raw("]]"u8);
    }

    private static ValueTask RoomAsync(JsonOut json, CancellationToken cancellationToken) =>
        json.IsFull ? json.FlushAsync(cancellationToken) : ValueTask.CompletedTask;
}
