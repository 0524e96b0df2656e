// Streams for Python. The arguments of a step are checked here by hand: a step of a small layer takes less time than an array argument
// of nanobind's, and a user meets the message.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/vector.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "int8_streams.h"
#include "stream.h"

namespace nb = nanobind;

namespace gatewise {

namespace {

// Steps of more multiplications than this let other Python threads run meanwhile; for fewer that costs more than it gives.
constexpr std::int64_t long_work = 1'000'000;

#define GATEWISE_PLUS_ONE(name) +1
// Of a layer, in the order of their list; 0 where absent.
using WeightAddresses = std::array<std::uintptr_t, GATEWISE_WEIGHTS(GATEWISE_PLUS_ONE)>;

template <class Real>
using States = nb::ndarray<Real, nb::ndim<3>, nb::c_contig, nb::device::cpu>;  // [layers, streams, hidden_size]

class BufferView {
  public:
    explicit BufferView(nb::handle object) : held_(PyObject_GetBuffer(object.ptr(), &view_, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) == 0) {
        if (!held_) PyErr_Clear();
    }
    ~BufferView() {
        if (held_) PyBuffer_Release(&view_);
    }
    BufferView(const BufferView&) = delete;
    BufferView& operator=(const BufferView&) = delete;

    const Py_buffer* get() const { return held_ ? &view_ : nullptr; }

  private:
    Py_buffer view_;
    bool held_;
};

std::string text_of(nb::handle object) { return nb::str(object).c_str(); }

// "a numpy.ndarray of float64 with shape [1, 8]", or the type alone of what is no array.
std::string described(nb::handle object) {
    const nb::object type = nb::borrow(object.type());
    std::string text = "a " + text_of(type.attr("__module__")) + "." + text_of(type.attr("__qualname__"));
    if (nb::hasattr(object, "dtype")) text += " of " + text_of(object.attr("dtype"));
    if (nb::hasattr(object, "shape")) {
        nb::list shape;
        for (const nb::handle size : object.attr("shape")) shape.append(size);
        text += " with shape " + text_of(shape);
    }
    return text;
}

// Engine: Streams of floats or doubles, or Int8Streams.
template <class Engine>
class PythonStreams {
  public:
    using Real = typename Engine::Value;

    template <class... Arguments>
    explicit PythonStreams(std::in_place_t, Arguments&&... arguments) : streams_(std::forward<Arguments>(arguments)...) {
        const std::size_t rows = static_cast<std::size_t>(streams_.streams()), columns = static_cast<std::size_t>(streams_.hidden_size());
        output_ = new Real[rows * columns]();
        const nb::capsule owner(output_, [](void* memory) noexcept { delete[] static_cast<Real*>(memory); });
        // One object, handed out by every step; no reference to this one, or neither would ever be freed.
        output_rows_ = nb::cast(nb::ndarray<nb::numpy, Real, nb::ndim<2>>(output_, {rows, columns}, owner));
        if (rows == 1) output_row_ = nb::cast(nb::ndarray<nb::numpy, Real, nb::ndim<1>>(output_, {columns}, owner));
    }

    nb::object step(nb::handle input) {
        {
            const BufferView buffer(input);
            if (const Py_buffer* view = buffer.get(); view && is_real(*view)) {
                if (view->ndim == 2 && view->shape[0] == streams_.streams() && view->shape[1] == streams_.input_size()) {
                    run(static_cast<const Real*>(view->buf));
                    return output_rows_;
                }
                if (view->ndim == 1 && output_row_.is_valid() && view->shape[0] == streams_.input_size()) {
                    run(static_cast<const Real*>(view->buf));
                    return output_row_;
                }
                refuse_shape(input);
            }
        }
        return step_tensor(input);
    }

    void read(const States<Real>& h, const std::optional<States<Real>>& c) {
        const std::lock_guard<std::mutex> lock(acquired(), std::adopt_lock);
        streams_.read(h.data(), c ? c->data() : nullptr);
    }

    void write(const States<const Real>& h, const std::optional<States<const Real>>& c) {
        const std::lock_guard<std::mutex> lock(acquired(), std::adopt_lock);
        streams_.write(h.data(), c ? c->data() : nullptr);
    }

    void reset(const std::vector<std::int64_t>& streams) {
        const std::lock_guard<std::mutex> lock(acquired(), std::adopt_lock);
        for (const std::int64_t stream : streams) streams_.reset(stream);
    }

  private:
    static bool is_real(const Py_buffer& view) {
        return view.format && view.format[0] == (std::is_same_v<Real, double> ? 'd' : 'f') && view.format[1] == '\0';
    }

    // What is no buffer, but an array by its own account: a tensor.
    nb::object step_tensor(nb::handle input) {
        nb::ndarray<const Real, nb::c_contig, nb::device::cpu> tensor;
        if (!nb::try_cast(input, tensor, false)) {
            const std::string real = std::is_same_v<Real, double> ? "float64" : "float32";
            throw nb::type_error(("Stream.step: input is " + described(input) + "; expected a C-contiguous " + real +
                                  " array on the CPU of shape " + expected() + ", such as numpy.ascontiguousarray(input, dtype=\"" + real +
                                  "\") makes")
                                     .c_str());
        }
        const auto has_shape = [&](std::size_t place, std::int64_t size) { return static_cast<std::int64_t>(tensor.shape(place)) == size; };
        const bool row = tensor.ndim() == 1 && output_row_.is_valid() && has_shape(0, streams_.input_size());
        if (!row && !(tensor.ndim() == 2 && has_shape(0, streams_.streams()) && has_shape(1, streams_.input_size()))) refuse_shape(input);
        run(tensor.data());
        return row ? output_row_ : output_rows_;
    }

    std::string expected() const {
        const std::string size = std::to_string(streams_.input_size());
        return (streams_.streams() == 1 ? "[" + size + "] or " : "") + "[" + std::to_string(streams_.streams()) + ", " + size + "]";
    }

    [[noreturn]] void refuse_shape(nb::handle input) const {
        throw nb::value_error(
            ("Stream.step: input is " + described(input) + "; expected shape " + expected() + ", which is (streams, input_size)").c_str());
    }

    void run(const Real* input) {
        const std::lock_guard<std::mutex> lock(acquired(), std::adopt_lock);
        if (streams_.work() < long_work) {
            streams_.step(input, output_);
        } else {
            const nb::gil_scoped_release release;
            streams_.step(input, output_);
        }
    }

    // The lock, taken. Whoever has it may be waiting for the interpreter, so nobody waits for it with the interpreter held.
    std::mutex& acquired() {
        if (!mutex_.try_lock()) {
            const nb::gil_scoped_release release;
            mutex_.lock();
        }
        return mutex_;
    }

    Engine streams_;
    std::mutex mutex_;
    Real* output_;
    nb::object output_rows_, output_row_;  // views of it; the latter where there is one stream
};

template <class Real>
std::vector<Weights<Real>> layers_of(std::int64_t input_size, std::int64_t hidden_size, const std::vector<WeightAddresses>& weights) {
    std::vector<Weights<Real>> layers;
    for (const WeightAddresses& addresses : weights) {
        Weights<Real> layer{.input_size = layers.empty() ? input_size : hidden_size, .hidden_size = hidden_size};
        const std::uintptr_t* next = addresses.data();
#define GATEWISE_TAKE(name) layer.name = reinterpret_cast<const Real*>(*next++);
        GATEWISE_WEIGHTS(GATEWISE_TAKE)
#undef GATEWISE_TAKE
        layers.push_back(layer);
    }
    return layers;
}

// All but the constructor.
template <class Engine>
nb::class_<PythonStreams<Engine>> bind(nb::module_& module, const char* name) {
    using Type = PythonStreams<Engine>;
    return nb::class_<Type>(module, name)
        .def("step", &Type::step, nb::arg("input").none())
        .def("read", &Type::read, nb::arg("h").noconvert(), nb::arg("c").noconvert().none())
        .def("write", &Type::write, nb::arg("h").noconvert(), nb::arg("c").noconvert().none())
        .def("reset", &Type::reset, nb::arg("streams"));
}

template <class Real>
void bind_floats(nb::module_& module, const char* name) {
    using Type = PythonStreams<Streams<Real>>;
    bind<Streams<Real>>(module, name)
        .def(
            "__init__",
            [](Type* self, std::int64_t cell, std::int64_t input_size, std::int64_t hidden_size,
               const std::vector<WeightAddresses>& weights, std::int64_t streams, int threads, double update_h, double update_c) {
                const StreamOptions options{
                    .cell = cell, .update_h = update_h, .update_c = update_c, .streams = streams, .threads = threads};
                new (self) Type(std::in_place, options, layers_of<Real>(input_size, hidden_size, weights));
            },
            nb::arg("cell"), nb::arg("input_size"), nb::arg("hidden_size"), nb::arg("weights"), nb::arg("streams"), nb::arg("threads"),
            nb::arg("update_h"), nb::arg("update_c"));
}

}  // namespace

void bind_streams(nb::module_& module) {
    bind_floats<float>(module, "Streams32");
    bind_floats<double>(module, "Streams64");
    bind<Int8Streams>(module, "Int8Streams")
        .def(
            "__init__",
            [](PythonStreams<Int8Streams>* self, std::vector<std::shared_ptr<const Int8Layer>> layers, std::int64_t streams, int threads,
               float update_h, float update_c) {
                new (self) PythonStreams<Int8Streams>(std::in_place, std::move(layers), streams, threads, update_h, update_c);
            },
            nb::arg("layers"), nb::arg("streams"), nb::arg("threads"), nb::arg("update_h"), nb::arg("update_c"));
}

}  // namespace gatewise
