using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Retrieval.Domain.Errors;
using Retrieval.Inference.Bundles;
using Retrieval.Inference.Devices;
using Retrieval.Inference.Records;
using Retrieval.Inference.Sessions;

namespace Retrieval.Inference.Encoding;

/// <summary>Encodes token ids of captions to records and coarse embeddings.</summary>
public sealed class TextEncoder : IDisposable
{
    private const string TokenIds = "token_ids";
    private const string Lengths = "lengths";
    private readonly GraphSession _session;
    private readonly EncoderOutputs _outputs;
    private readonly int _maxTokens;
    private readonly int _vocabularySize;

    internal TextEncoder(VerifiedBundle bundle, int vocabularySize, ComputeDevice device, InferenceOptions options)
    {
        var manifest = bundle.Manifest;
        _maxTokens = manifest.Tokens.Max;
        _vocabularySize = vocabularySize;
        _outputs = new EncoderOutputs(manifest.Graphs.TextEncoder, RecordSide.Caption, manifest.CaptionFields, manifest.EmbeddingWidth);
        var contract = new GraphContract().In(TokenIds, TensorElementType.Int64, -1, -1).In(Lengths, TensorElementType.Int64, -1);
        _outputs.Declare(contract);
        _session = GraphSession.Create(bundle, manifest.Graphs.TextEncoder, contract, device, options);
    }

    /// <summary>Encodes a batch of captions of any lengths; shorter ones are padded for the run and packed afterwards.</summary>
    /// <param name="captions">Token ids of each caption, including the start and end tokens.</param>
    /// <param name="cancellationToken">Stops the run on the device.</param>
    /// <exception cref="InvalidInputException">A caption is empty or too long, or an id is outside the vocabulary.</exception>
    public EncodedBatch Encode(IReadOnlyList<long[]> captions, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(captions);
        ArgumentOutOfRangeException.ThrowIfZero(captions.Count);
        for (var i = 0; i < captions.Count; i++)
        {
            Validate(captions[i], i);
        }

        var positions = captions.Max(caption => caption.Length);
        var ids = new long[captions.Count * positions];
        var lengths = new long[captions.Count];
        for (var i = 0; i < captions.Count; i++)
        {
            captions[i].CopyTo(ids, i * positions);
            lengths[i] = captions[i].Length;
        }

        using var idTensor = OrtValue.CreateTensorValueFromMemory(ids, [captions.Count, positions]);
        using var lengthTensor = OrtValue.CreateTensorValueFromMemory(lengths, [captions.Count]);
        var outputs = _session.Run(
            new Dictionary<string, OrtValue> { [TokenIds] = idTensor, [Lengths] = lengthTensor }, _outputs.Names, cancellationToken);
        return _outputs.Take(outputs, lengths, positions, captions.Count);
    }

    internal void ProvePlacement() => _session.ProvePlacement();

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private void Validate(long[] caption, int row)
    {
        if (caption.Length == 0 || caption.Length > _maxTokens)
        {
            throw new InvalidInputException($"has {caption.Length} tokens; expected 1 to {_maxTokens}", row: row, field: TokenIds);
        }

        foreach (var id in caption)
        {
            if (id < 0 || id >= _vocabularySize)
            {
                throw new InvalidInputException($"holds the id {id}; expected 0 to {_vocabularySize - 1}", row: row, field: TokenIds);
            }
        }
    }
}
