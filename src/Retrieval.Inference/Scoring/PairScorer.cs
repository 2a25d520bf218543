using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Retrieval.Domain.Numbers;
using Retrieval.Inference.Bundles;
using Retrieval.Inference.Records;
using Retrieval.Inference.Sessions;

namespace Retrieval.Inference.Scoring;

/// <summary>
/// The cross-modal scorer in one direction. Gathers the bank's records by slot and scores them against the queries'
/// records, inside one graph: per call only the slots and the queries' own tensors move.
/// </summary>
public sealed class PairScorer : IDisposable
{
    private const string Slots = "slots";
    private const string QueryIndex = "query_index";
    private const string Score = "score";
    private static readonly string[] Outputs = [Score];

    private readonly GraphSession _session;
    private readonly int _pairsPerCall;

    internal PairScorer(VerifiedBundle bundle, RecordSide bankSide, InferenceOptions options)
    {
        var manifest = bundle.Manifest;
        BankSide = bankSide;
        _pairsPerCall = CallSize.For(manifest, options.PairsPerCall);
        var contract = new GraphContract()
            .In(Slots, TensorElementType.Int64, -1)
            .In(QueryIndex, TensorElementType.Int64, -1)
            .Out(Score, TensorElementType.Float, -1);
        RecordTable.Declare(contract, RecordSide.Image, manifest.ImageFields);
        RecordTable.Declare(contract, RecordSide.Caption, manifest.CaptionFields);
        var graph = bankSide == RecordSide.Image ? manifest.Graphs.TextToImageScorer : manifest.Graphs.ImageToTextScorer;
        _session = GraphSession.Create(bundle, graph, contract, options);
    }

    /// <summary>What the bank holds; the queries are the other side.</summary>
    public RecordSide BankSide { get; }

    /// <summary>Most pairs of one call of the graph.</summary>
    public int PairsPerCall => _pairsPerCall;

    /// <summary>Scores pairs, in calls of at most the configured number of pairs.</summary>
    /// <param name="bank">Records addressed by <paramref name="slots"/>.</param>
    /// <param name="queries">Records of the other side, addressed by <paramref name="queryIndex"/>.</param>
    /// <param name="slots">Row of the bank of each pair, <c>[P]</c>.</param>
    /// <param name="queryIndex">Row of the queries of each pair, <c>[P]</c>.</param>
    /// <param name="scores">Receives the score of each pair, <c>[P]</c>. A pair's score does not depend on the others.</param>
    /// <param name="cancellationToken">Ends the run on the device.</param>
    /// <exception cref="InferenceException">The runtime failed, or a pair's score is not finite; the pair is named.</exception>
    public void ScorePairs(RecordTable bank, RecordTable queries, ReadOnlySpan<long> slots, ReadOnlySpan<long> queryIndex, Span<float> scores, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(bank);
        ArgumentNullException.ThrowIfNull(queries);
        Validate(bank, queries, slots, queryIndex, scores);
        var available = new Dictionary<string, OrtValue>(StringComparer.Ordinal);
        foreach (var (name, tensor) in bank.Tensors.Concat(queries.Tensors))
        {
            available[name] = tensor;
        }

        for (var start = 0; start < slots.Length; start += _pairsPerCall)
        {
            var count = Math.Min(_pairsPerCall, slots.Length - start);
            using var slotTensor = OrtValue.CreateTensorValueFromMemory(slots.Slice(start, count).ToArray(), [count]);
            using var queryTensor = OrtValue.CreateTensorValueFromMemory(queryIndex.Slice(start, count).ToArray(), [count]);
            available[Slots] = slotTensor;
            available[QueryIndex] = queryTensor;
            using var outputs = _session.Run(available, Outputs, cancellationToken);
            var found = outputs[0].GetTensorDataAsSpan<float>();
            if (found.Length != count)
            {
                throw new InferenceException(_session.Name, $"gave {found.Length} scores for {count} pairs");
            }

            // NaN has no place in a ranking: it would come first in one order and last in another.
            if (!Finite.All(found))
            {
                var pair = start + Finite.FirstNot(found);
                throw new InferenceException(
                    _session.Name, string.Create(CultureInfo.InvariantCulture, $"gave the score {found[pair - start]} for slot {slots[pair]} and query {queryIndex[pair]}; expected a finite number"));
            }

            found.CopyTo(scores.Slice(start, count));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    // An index outside its table would make the runtime fail at best and read other memory at worst.
    private void Validate(RecordTable bank, RecordTable queries, ReadOnlySpan<long> slots, ReadOnlySpan<long> queryIndex, Span<float> scores)
    {
        if (bank.Side != BankSide || queries.Side == BankSide)
        {
            throw new ArgumentException($"the bank of this scorer holds records of the side {BankSide} and the queries the other side");
        }

        if (slots.Length != queryIndex.Length || slots.Length != scores.Length)
        {
            throw new ArgumentException($"{slots.Length} slots, {queryIndex.Length} query indices and {scores.Length} scores; expected the same number of each");
        }

        for (var i = 0; i < slots.Length; i++)
        {
            if ((ulong)slots[i] >= (ulong)bank.Count || (ulong)queryIndex[i] >= (ulong)queries.Count)
            {
                throw new ArgumentException($"pair {i} names slot {slots[i]} of {bank.Count} and query {queryIndex[i]} of {queries.Count}");
            }
        }
    }
}
