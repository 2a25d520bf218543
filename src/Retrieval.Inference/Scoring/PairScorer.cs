using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Numbers;
using Retrieval.Inference.Bundles;
using Retrieval.Inference.Devices;
using Retrieval.Inference.Records;
using Retrieval.Inference.Sessions;

namespace Retrieval.Inference.Scoring;

/// <summary>
/// The cross-modal scorer in one direction. One graph gathers the bank's records by slot and scores them against the queries'
/// records: for each batch, only the slots and the queries' own tensors are transferred. The graph gives t(score), the score
/// itself or its logit as the bundle says: rankings are made with that, and everything else sees scores.
/// </summary>
public sealed class PairScorer : IDisposable
{
    private readonly GraphSession _session;
    private readonly PairTensors _tensors;
    private readonly RunOptions _run = new();
    private readonly Lock _gate = new();
    private readonly ScorerInputs _inputs;
    private readonly bool _padded;
    private ScorerBinding? _binding;

    internal PairScorer(VerifiedBundle bundle, RecordSide bankSide, ComputeDevice device, InferenceOptions options)
    {
        var manifest = bundle.Manifest;
        BankSide = bankSide;
        Transform = manifest.Transform;
        PairsPerCall = CallSize.For(manifest, options.PairsPerCall, device.IsCuda);
        OnCuda = device.IsCuda;
        _padded = options.PadPairs ?? device.IsCuda;
        var graph = bankSide == RecordSide.Image ? manifest.Graphs.TextToImageScorer : manifest.Graphs.ImageToTextScorer;
        _session = GraphSession.Create(bundle, graph, ScorerInputs.Contract(manifest), device, options);
        _inputs = new ScorerInputs(_session.Inputs, bankSide);
        _tensors = new PairTensors(PairsPerCall);
    }

    /// <summary>The side that the bank holds; the queries are the other side.</summary>
    public RecordSide BankSide { get; }

    /// <summary>What the graph gives of a pair.</summary>
    public ScoreTransform Transform { get; }

    /// <summary>Whether its graph runs on CUDA.</summary>
    internal bool OnCuda { get; }

    /// <summary>Most pairs in one batch of the graph.</summary>
    public int PairsPerCall { get; }

    /// <summary>
    /// Number of pairs from which a larger batch is no cheaper per pair. On a CPU half a batch keeps all cores busy, and a batch with
    /// one query is cheaper, since its tensors are not gathered by pair; on CUDA only a full batch is large enough.
    /// </summary>
    public int EnoughPairs => OnCuda ? PairsPerCall : Math.Max(1, PairsPerCall / 2);

    /// <summary>Scores pairs, in batches of at most the configured number of pairs. One thread scores at a time; others wait.</summary>
    /// <param name="bank">Records addressed by <paramref name="slots"/>.</param>
    /// <param name="queries">Records of the other side, addressed by <paramref name="queryIndex"/>.</param>
    /// <param name="slots">The bank row of each pair, <c>[P]</c>.</param>
    /// <param name="queryIndex">The query row of each pair, <c>[P]</c>.</param>
    /// <param name="scores">Receives the score of each pair, <c>[P]</c>. A pair's score does not depend on the other pairs.</param>
    /// <param name="cancellationToken">Stops the run on the device.</param>
    /// <exception cref="InferenceException">The runtime failed, or a pair's score is not finite; the pair is named.</exception>
    public void ScorePairs(RecordTable bank, RecordTable queries, ReadOnlySpan<long> slots, ReadOnlySpan<long> queryIndex, Span<float> scores, CancellationToken cancellationToken = default)
    {
        TransformedScores(bank, queries, slots, queryIndex, scores, cancellationToken);
        Transform.ToScores(scores);
    }

    /// <summary>Same as <see cref="ScorePairs"/>, but gives t(score) of each pair, by which hits are ordered.</summary>
    /// <param name="bank">Records addressed by <paramref name="slots"/>.</param>
    /// <param name="queries">Records of the other side, addressed by <paramref name="queryIndex"/>.</param>
    /// <param name="slots">The bank row of each pair, <c>[P]</c>.</param>
    /// <param name="queryIndex">The query row of each pair, <c>[P]</c>.</param>
    /// <param name="transformed">Receives t(score) of each pair, <c>[P]</c>; <see cref="Transform"/> makes scores of them.</param>
    /// <param name="cancellationToken">Stops the run on the device.</param>
    /// <exception cref="InferenceException">The runtime failed, or a pair's score is not finite; the pair is named.</exception>
    public void TransformedScores(RecordTable bank, RecordTable queries, ReadOnlySpan<long> slots, ReadOnlySpan<long> queryIndex, Span<float> transformed, CancellationToken cancellationToken = default)
    {
        if (SoundTransformedScores(bank, queries, slots, queryIndex, transformed, cancellationToken) > 0)
        {
            var pair = Finite.FirstNot(transformed);
            throw new InferenceException(
                _session.Name, string.Create(CultureInfo.InvariantCulture, $"gave a {ScorerInputs.OutputOf(Transform)} that is not finite for slot {slots[pair]} and query {queryIndex[pair]}"));
        }
    }

    /// <summary>
    /// Same as <see cref="TransformedScores"/>, for pairs of which some may be damaged: a pair whose value is not finite gets NaN, and
    /// all others keep theirs. NaN cannot be ranked: the caller leaves such pairs out.
    /// </summary>
    /// <returns>Number of pairs that got NaN.</returns>
    /// <exception cref="InferenceException">The runtime failed.</exception>
    public int SoundTransformedScores(RecordTable bank, RecordTable queries, ReadOnlySpan<long> slots, ReadOnlySpan<long> queryIndex, Span<float> transformed, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(bank);
        ArgumentNullException.ThrowIfNull(queries);
        Validate(bank, queries, slots, queryIndex, transformed);
        var unsound = 0;

        // The buffers, the binding and, on CUDA, the session itself serve one batch at a time.
        lock (_gate)
        {
            for (var start = 0; start < slots.Length; start += PairsPerCall)
            {
                var count = Math.Min(PairsPerCall, slots.Length - start);
                Call(bank, queries, slots.Slice(start, count), queryIndex.Slice(start, count), cancellationToken);
                var given = transformed.Slice(start, count);
                _tensors.Outputs(count).CopyTo(given);
                unsound += Finite.All(given) ? 0 : Mark(given);
            }
        }

        return unsound;
    }

    /// <summary>
    /// Runs every batch size once, so that the device's memory has grown and its kernels are loaded before the first request. The
    /// scored records do not matter.
    /// </summary>
    internal void WarmUp(RecordTable bank, RecordTable queries, CancellationToken cancellationToken)
    {
        // Largest first: an arena that has once allocated the maximum cuts smaller chunks from it.
        for (var size = PairsPerCall; size >= 1; size = _padded ? CallSize.Below(size) : 0)
        {
            lock (_gate)
            {
                Call(bank, queries, new long[size], new long[size], cancellationToken);
            }
        }
    }

    internal void ProvePlacement() => _session.ProvePlacement();

    /// <inheritdoc/>
    public void Dispose()
    {
        _session.Dispose();
        lock (_gate)
        {
            _binding = null;
            _tensors.Dispose();
            _run.Dispose();
        }
    }

    // Infinities become NaN, so that there is only one marker to check.
    private static int Mark(Span<float> values)
    {
        var marked = 0;
        foreach (ref var value in values)
        {
            if (!float.IsFinite(value))
            {
                value = float.NaN;
                marked++;
            }
        }

        return marked;
    }

    private void Call(RecordTable bank, RecordTable queries, ReadOnlySpan<long> slots, ReadOnlySpan<long> queryIndex, CancellationToken cancellationToken)
    {
        var live = _session.Rent();
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_binding is null || !ReferenceEquals(_binding.Session, live))
            {
                _binding = new ScorerBinding(live, _inputs, ScorerInputs.OutputOf(Transform), OnCuda);
            }

            _binding.Tables(bank, queries);
            _binding.Pairs(_tensors.Of(slots, queryIndex, _padded ? CallSize.Bucket(slots.Length, PairsPerCall) : slots.Length));

            // A cancellation that comes too late for this run must not end the next one.
            _run.Terminate = false;
            using var registration = cancellationToken.Register(static state => ((RunOptions)state!).Terminate = true, _run);
            _binding.Run(_run);
        }
        catch (OnnxRuntimeException exception)
        {
            throw _session.Failed(live, exception, cancellationToken);
        }
        finally
        {
            live.Release();
        }
    }

    // With an index outside its table the runtime would at best fail and at worst read other memory.
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
